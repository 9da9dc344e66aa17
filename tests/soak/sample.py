"""Sample: what the processes of the product hold at one moment (/proc; Linux only)."""

import http.client
import re
from dataclasses import dataclass
from pathlib import Path

from tests.bench import processes
from tests.bench.processes import Process

_TASKS = re.compile(r"^sightline_tasks (\d+)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Sample:
    memory_bytes: int
    """Of all processes (PSS)."""
    processes: int
    descriptors: int
    threads: int
    tasks: int
    """Of asyncio, as /metrics says it."""

    @classmethod
    def of(cls, tree: list[Process], *, port: int, metrics_token: str) -> "Sample":
        folders = [Path(f"/proc/{process.pid}") for process in tree]
        return cls(
            memory_bytes=processes.pss_bytes(tree),
            processes=len(tree),
            descriptors=sum(len(list((folder / "fd").iterdir())) for folder in folders),
            threads=sum(len(list((folder / "task").iterdir())) for folder in folders),
            tasks=_tasks(port, metrics_token),
        )

    def grown_since(self, before: "Sample") -> list[str]:
        """A sentence for everything that has grown: memory by more than 1 %, the others at all."""
        found = []
        if self.memory_bytes > before.memory_bytes * 1.01:
            grown = self.memory_bytes / before.memory_bytes - 1
            found.append(f"memory has grown by {grown:.1%}, to {self.memory_bytes / 2**20:.1f} MiB")
        for what in ("processes", "descriptors", "threads", "tasks"):
            now, then = getattr(self, what), getattr(before, what)
            if now > then:
                found.append(f"{now} {what}, there were {then}")
        return found


def _tasks(port: int, token: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/metrics", headers={"Authorization": f"Bearer {token}"})
        text = connection.getresponse().read().decode()
    finally:
        connection.close()
    return sum(map(int, _TASKS.findall(text)))
