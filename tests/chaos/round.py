"""Round: one product from its start to the verdict: nemeses by plan, then peace, then the checker."""

import asyncio
import math
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.chaos import checker, nemeses
from tests.chaos.checker import Violation
from tests.chaos.cluster import Cluster, running
from tests.chaos.crew import Member
from tests.chaos.database import Database
from tests.chaos.door import Unknown
from tests.chaos.findings import Findings
from tests.chaos.history import Card, Healed, History, Publish, Report, Seen, Settled, Shown, Stroke, Whole
from tests.chaos.inspection import head, inspect
from tests.chaos.nemeses import Nemesis
from tests.chaos.plan import Strike, plan
from tests.chaos.web_socket import Closed

SETTLE_S = 60.0
"""For everybody to be live at the head; a dead link is noticed after 21 s, and a tick comes every 10 s."""
PEACE_S = 1.0
ASK_S = 2.0
ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Wish:
    """What a round shall be."""

    seed: str
    length_s: float
    counts: Mapping[str, int]
    """Nemesis → how often it strikes."""
    devices: int = 24
    pause_s: float = 0.3
    """Between two alerts, on the average."""
    known: Mapping[str, Nemesis] = field(default_factory=lambda: nemeses.BY_NAME)


@dataclass(frozen=True, slots=True)
class Outcome:
    history: History
    violations: Sequence[Violation]
    counts: Counter[str]
    settled_s: float
    logs: Sequence[str]

    def report(self, *, most: int = 2) -> str:
        """How often which promise was broken, and of each the first ``most`` times with the history that shows it."""
        times = Counter(violation.promise for violation in self.violations)
        lines = [f"{len(self.violations)} violations: {dict(times)}"]
        told: Counter[str] = Counter()
        for violation in self.violations:
            told[violation.promise] += 1
            if told[violation.promise] > most:
                continue
            lines += [f"\n{violation.promise}: {violation.sentence}", *self.history.around(violation.words)]
        lines += ["\nwhat the servers said last:", *self.logs[-40:]]
        return "\n".join(lines)


async def run(make_database: Callable[[Path, History], Database], wish: Wish) -> Outcome:
    """Raises nothing of the product's failures: they are in the outcome."""
    with tempfile.TemporaryDirectory(prefix="chaos-") as name:
        folder = Path(name)
        async with running(folder, make_database, size=wish.devices, seed=wish.seed) as cluster:
            return await _run(cluster, wish)


async def _run(cluster: Cluster, wish: Wish) -> Outcome:
    history = cluster.history
    enough = asyncio.Event()
    planned = plan(wish.seed, wish.counts, length_s=wish.length_s)
    source = asyncio.create_task(cluster.source.run(stop=enough, pause_s=wish.pause_s))
    try:
        await _all_connected(cluster)
        async with asyncio.TaskGroup() as group:
            for track, strikes in planned.items():
                group.create_task(_strike(cluster, track, strikes, wish.known))
        await nemeses.heal(cluster)
        history.note(Healed(healed_at := time.monotonic()))
        await asyncio.sleep(PEACE_S)
        enough.set()
        await asyncio.wait([source], timeout=SETTLE_S)
        findings = await _settle(cluster)
    finally:
        source.cancel()
        await asyncio.wait([source])
    settled_s = next((event.at_s for event in history.of(Settled)), math.inf) - healed_at
    members = [device.member for device in cluster.devices]
    violations = checker.check(history, findings, members, concerns)
    logs = [line for node in cluster.nodes for line in (f"{node.server.name}:", *node.server.lines)]
    return Outcome(history, violations, _counts(history), settled_s, logs)


def concerns(_card: Card, _member: Member) -> bool:
    """Alerts of this product concern everybody."""
    return True


async def _strike(cluster: Cluster, track: str, strikes: Sequence[Strike], known: Mapping[str, Nemesis]) -> None:
    for strike in strikes:
        await asyncio.sleep(strike.pause_s)
        await known[strike.nemesis](cluster, random.Random(strike.seed), track)


async def _all_connected(cluster: Cluster) -> None:
    everybody = (*cluster.devices, *cluster.observers)
    ends_at = time.monotonic() + SETTLE_S
    assert await _until(lambda: all(device.memory.position >= 0 for device in everybody), ends_at), "all are connected"


async def _until(condition: Callable[[], bool], ends_at: float) -> bool:
    """Wait for it; False when it did not come in time."""
    while not condition() and time.monotonic() < ends_at:  # noqa: ASYNC110 - it happens in other processes
        await asyncio.sleep(0.05)
    return condition()


async def _settle(cluster: Cluster) -> Findings | None:
    """Wait until every device has reported all and was told that it has everything up to the head.

    None when nothing can be learnt from the server.
    """
    node = cluster.nodes[0]
    ends_at = time.monotonic() + SETTLE_S
    await _until(lambda: all(device.is_idle for device in cluster.devices), ends_at)
    newest = None
    while newest is None and time.monotonic() < ends_at:
        with suppress(Unknown):
            newest = await head(node.port, cluster.door)
    if newest is None:
        return None
    while _behind(cluster, newest) and time.monotonic() < ends_at:
        for device in (*cluster.devices, *cluster.observers):
            device.ask()
        await _until(lambda: not _behind(cluster, newest), min(time.monotonic() + ASK_S, ends_at))
    cluster.history.note(Settled(time.monotonic(), newest, _behind(cluster, newest)))
    for _ in range(ATTEMPTS):
        with suppress(Unknown, Closed, TimeoutError):
            return await inspect(node.port, cluster.door)
    return None


def _behind(cluster: Cluster, newest: int) -> tuple[str, ...]:
    everybody = (*cluster.devices, *cluster.observers)
    return tuple(d.name for d in everybody if not d.is_idle or max(d.told, d.memory.position) < newest)


def _counts(history: History) -> Counter[str]:
    """What was done and what happened, for the one line at the end."""
    counts: Counter[str] = Counter(one.nemesis for one in history.of(Stroke) if one.begins)
    counts["alerts"] = sum(1 for one in history.of(Publish) if one.phase == "ok")
    counts["unknown"] = sum(1 for one in history.of(Publish) if one.phase == "unknown")
    counts["seen"] = sum(1 for _ in history.of(Seen))
    counts["snapshots"] = sum(1 for _ in history.of(Whole))
    counts["shown"] = sum(1 for _ in history.of(Shown))
    counts["acknowledged"] = sum(1 for one in history.of(Report) if one.phase == "ok" and one.stage == "acknowledged")
    return counts
