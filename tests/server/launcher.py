"""A launcher in a process of its own, as a person starts it, and a view of the processes below it."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Thread
from typing import Self

PATIENCE_S = 60.0


@dataclass
class Launcher:
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    @classmethod
    def start(cls, arguments: Sequence[str], *, environ: dict[str, str] | None = None) -> Self:
        process = subprocess.Popen(
            [sys.executable, "-m", "server", *arguments],
            env={**os.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        launcher = cls(process)
        Thread(target=launcher._read, daemon=True).start()
        return launcher

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def says(self, words: str) -> None:
        """Wait until these words have been on the terminal."""
        until(lambda: words in self.text or self.process.poll() is not None, lambda: f"no {words!r} in:\n{self.text}")
        assert words in self.text, self.text

    def children(self) -> dict[str, int]:
        """Name of the part → pid."""
        names = {"streams --config": "streams", "server server": "server", "valkey": "valkey", "redis-server": "valkey"}
        return {
            name: pid
            for pid, parent, args in processes()
            if parent == self.process.pid
            for words, name in names.items()
            if words in args
        }

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        try:
            for line in self.process.stdout:
                self.lines.append(line)
        except ValueError:
            return  # closed while reading


@contextmanager
def launched(arguments: Sequence[str], *, environ: dict[str, str] | None = None) -> Iterator[Launcher]:
    launcher = Launcher.start(arguments, environ=environ)
    try:
        yield launcher
    finally:
        launcher.end()


def processes() -> list[tuple[int, int, str]]:
    """Pid, pid of the parent, command line of every process that is not a zombie."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat=,args="], check=True, capture_output=True, text=True)
    rows = (line.split(None, 3) for line in listed.stdout.splitlines())
    return [(int(row[0]), int(row[1]), row[3]) for row in rows if len(row) == 4 and not row[2].startswith("Z")]


def are_gone(pids: Sequence[int]) -> bool:
    return not {pid for pid, _, _ in processes()}.intersection(pids)


def until(condition: Callable[[], object], why: Callable[[], str] = lambda: "waited too long") -> None:
    ends_at = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < ends_at, why()
        time.sleep(0.02)


def can_be_bound(port: int) -> bool:
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def configuration(folder: Path, port: int) -> Path:
    file = folder / "sightline.toml"
    file.write_text(
        f'data_folder = "data"\n[web]\nport = {port}\n[[camera]]\nid = "gone"\nurl = "rtsp://127.0.0.1:9/"\n'
        '[[person]]\nid = "admin"\nrole = "admin"\npassword_env = "ADMIN_PASSWORD"\n'
    )
    return file
