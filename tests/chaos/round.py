"""Round: one product from its start to the verdict: nemeses by plan, then peace, then the checker."""

import asyncio
import math
import random
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from tests.chaos import checker, endings, ladder, nemeses
from tests.chaos.checker import Violation
from tests.chaos.cluster import Cluster, running
from tests.chaos.database import Database
from tests.chaos.device import Device
from tests.chaos.door import Unknown
from tests.chaos.findings import Findings
from tests.chaos.history import Healed, History, Publish, Report, Seen, Settled, Shown, Stalled, Stroke, Whole
from tests.chaos.inspection import head, inspect, put_policies
from tests.chaos.nemeses import Nemesis
from tests.chaos.plan import Strike, plan
from tests.chaos.policies import POLICIES, concerned
from tests.chaos.web_socket import Closed

T = TypeVar("T")

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
    sends_s: float = 1.5
    """Between two pushes or bulletins."""
    tolerance_s: float = 1.0
    """How late or early a step of a ladder may be."""
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
    await _all_connected(cluster)
    await put_policies(cluster.nodes[0].port, cluster.door, POLICIES)
    await cluster.sender.prepare()
    feeds = [
        asyncio.create_task(cluster.source.run(stop=enough, pause_s=wish.pause_s)),
        asyncio.create_task(cluster.sender.run(stop=enough, pause_s=wish.sends_s)),
    ]
    try:
        async with asyncio.TaskGroup() as group:
            for track, strikes in planned.items():
                group.create_task(_strike(cluster, track, strikes, wish.known))
        await nemeses.heal(cluster)
        history.note(Healed(healed_at := time.monotonic()))
        await asyncio.sleep(PEACE_S)
        enough.set()
        await asyncio.wait(feeds, timeout=SETTLE_S)
        findings = await _settle(cluster)
    finally:
        for each in feeds:
            each.cancel()
        await asyncio.wait(feeds)
    settled_s = next((event.at_s for event in history.of(Settled)), math.inf) - healed_at
    members = [device.member for device in cluster.devices]
    violations = checker.check(history, findings, members, concerned(history))
    if findings is not None:
        violations += endings.check(history, findings)
        violations += ladder.check(history, findings, POLICIES, tolerance_s=wish.tolerance_s)
    logs = [line for node in cluster.nodes for line in (f"{node.server.name}:", *node.server.lines)]
    return Outcome(history, violations, _counts(history), settled_s, logs)


async def _strike(cluster: Cluster, track: str, strikes: Sequence[Strike], known: Mapping[str, Nemesis]) -> None:
    for strike in strikes:
        await asyncio.sleep(strike.pause_s)
        await known[strike.nemesis](cluster, random.Random(strike.seed), track)


async def _all_connected(cluster: Cluster) -> None:
    everybody = (*cluster.devices, *cluster.observers)
    ends_at = time.monotonic() + SETTLE_S
    await _until(lambda: all(device.memory.position >= 0 for device in everybody), ends_at)
    for task in cluster.tasks:
        assert not task.done(), task.exception()
    assert all(device.memory.position >= 0 for device in everybody), "all are connected"


async def _until(condition: Callable[[], bool], ends_at: float) -> bool:
    """Wait for it; False when it did not come in time."""
    while not condition() and time.monotonic() < ends_at:  # noqa: ASYNC110 - it happens in other processes
        await asyncio.sleep(0.05)
    return condition()


async def _settle(cluster: Cluster) -> Findings | None:
    """Wait until every device was told that it has everything up to what was the head, and has reported all of it.

    None when nothing can be learnt from the server.
    """
    everybody = (*cluster.devices, *cluster.observers)
    port = cluster.nodes[0].port
    ends_at = time.monotonic() + SETTLE_S
    await _until(lambda: all(device.is_idle for device in cluster.devices), ends_at)
    sent = [one.source_id for one in cluster.history.of(Publish) if one.source_id.startswith("bulletin")]
    bulletins = tuple(dict.fromkeys(sent))
    found = await _asked(lambda: head(port, cluster.door, bulletins))
    if found is None:
        return None
    newest, due = found
    while _behind(everybody, newest) and time.monotonic() < ends_at:
        for device in everybody:
            device.ask()
        await _until(lambda: not _behind(everybody, newest), min(time.monotonic() + ASK_S, ends_at))
    await _until(lambda: all(device.is_idle for device in cluster.devices), ends_at)
    cluster.history.note(Settled(time.monotonic(), newest, _behind(everybody, newest)))
    return await _asked(lambda: inspect(port, cluster.door, bulletins, due))


async def _asked(question: Callable[[], Awaitable[T]]) -> T | None:
    for _ in range(ATTEMPTS):
        with suppress(Unknown, Closed, TimeoutError):
            return await question()
        await asyncio.sleep(ASK_S)
    return None


def _behind(devices: Sequence[Device], newest: int) -> tuple[str, ...]:
    return tuple(device.name for device in devices if not device.is_idle or device.told < newest)


def _counts(history: History) -> Counter[str]:
    """What was done and what happened, for the one line at the end."""
    counts: Counter[str] = Counter(one.nemesis for one in history.of(Stroke) if one.begins)
    for one in history.of(Publish):
        if one.phase == "ok":
            kind = "alert" if one.to is None else one.source_id.split("-")[0]
            counts[{"raise": kind, "correct": "correction", "end": "taken-back"}[one.act]] += 1
    counts["cut-off"] = sum(1 for one in history.of(Stalled) if one.is_cut_off and one.sent_bytes > nemeses.MUCH_BYTES)
    counts["unknown"] = sum(1 for one in history.of(Publish) if one.phase == "unknown")
    counts["seen"] = sum(1 for _ in history.of(Seen))
    counts["snapshots"] = sum(1 for _ in history.of(Whole))
    counts["shown"] = sum(1 for _ in history.of(Shown))
    counts["acknowledged"] = sum(1 for one in history.of(Report) if one.phase == "ok" and one.stage == "acknowledged")
    return counts
