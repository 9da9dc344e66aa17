"""Ladder: whether alerts have climbed as their policy says (I5), and stopped when somebody had them (I4). Pure.

What an observer sees first is when a step came: it sits at the server itself, past every link. A step may be late for
as long as no server or no database was there, or this process itself could not look.

Servers that run count the time to a step on a clock that nobody sets, so that a wrong time of day does them no harm.
One that starts has nothing but the time of day to tell how long the others were gone: when the clock was wrong at one
of its ends, the step may come at any time up to a whole pause late. Order and once hold then, too.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

from tests.chaos.card import Card
from tests.chaos.checker import Violation
from tests.chaos.findings import Findings
from tests.chaos.history import History, Power, Publish, Seen, Settled
from tests.chaos.policies import Policy

AFTER_HEAL_S = 1.5
CATCH_UP_S = 5.0
"""A step that is no later than that does not move those behind it (docs/wire.md §6.6)."""
MINUTE_S = 60.0
"""Clocks jump by more."""
MEMORY_S = 20.0
"""A ladder waits no longer for its next step; a jump takes no longer."""


@dataclass(frozen=True, slots=True)
class Firing:
    step: int
    at_s: float
    position: int
    card: Card


@dataclass(frozen=True, slots=True)
class Outage:
    begins_s: float
    ends_s: float


def check(
    history: History, findings: Findings, policies: Mapping[int, Policy], *, tolerance_s: float
) -> list[Violation]:
    """Every violation of I5, and of the part of I4 that is about ladders."""
    outages = _outages(history)
    cards = {card.item_id: card for card in findings.cards}
    published = {one.source_id: one.at_s for one in reversed(list(history.of(Publish))) if one.phase == "invoke"}
    ended_s = next((event.at_s for event in history.of(Settled)), 0.0)
    found: list[Violation] = []
    for (item_id, revision), fired in _firings(history).items():
        policy = policies[fired[0].card.priority]
        climb = _Climb(policy, fired, published.get(fired[0].card.source_id, 0.0), outages, tolerance_s)
        found += climb.once()
        final = cards.get(item_id)
        if _is_timeless(history, fired[0].at_s, fired[-1].at_s):
            final = None
        else:
            found += climb.on_time()
        if final is not None and final.revision == revision and final.state == "new":
            found += climb.complete(ended_s)
        found += climb.stopped(_acknowledged_at(history, item_id, revision))
    return found


@dataclass(frozen=True, slots=True)
class _Climb:
    policy: Policy
    fired: list[Firing]
    published_s: float
    """When it was tried to publish it first: the ladder began then or later, and before it was seen."""
    outages: list[Outage]
    tolerance_s: float

    def once(self) -> Iterator[Violation]:
        for before, after in pairwise(self.fired):
            if after.step < before.step or (after.step == before.step and not self._loops(after)):
                yield self._violation(after, f"step {after.step} came after step {before.step}")

    def on_time(self) -> Iterator[Violation]:
        has_skipped = [firing.step for firing in self.fired[: len(self.policy.rungs)]] != list(
            range(1, min(len(self.fired), len(self.policy.rungs)) + 1)
        )
        for before, after in pairwise(self.fired):
            pause_s = self._after_s(after) - self._after_s(before)
            if after.step == before.step:
                pause_s = self.policy.loop_s or 0
            apart_s = max(after.at_s - before.at_s, _written_apart_s(before, after))
            due_s = max(before.at_s + pause_s, self.fired[0].at_s + self._after_s(after))
            if after.at_s > self._latest_s(due_s):
                yield self._violation(after, f"step {after.step} came {after.at_s - due_s:.1f} s late")
            if before.step == after.step and self._loops(after) and apart_s < pause_s - CATCH_UP_S - self.tolerance_s:
                yield self._violation(after, f"step {after.step} came twice within {apart_s:.1f} s")
            # A step that was skipped takes those behind it along: there is no earliest then.
            early_s = self.published_s + self._after_s(after) - after.at_s
            if not has_skipped and early_s > self.tolerance_s:
                yield self._violation(after, f"step {after.step} came {early_s:.1f} s too early")

    def complete(self, ended_s: float) -> Iterator[Violation]:
        """Of an alert that nobody has acknowledged: what was due has come."""
        newest = self.fired[-1]
        if newest.step < len(self.policy.rungs):
            due_s = newest.at_s + self.policy.rungs[newest.step].after_s - self._after_s(newest)
        elif self.policy.loop_s is not None:
            due_s = newest.at_s + self.policy.loop_s
        else:
            return
        if self._latest_s(due_s) < ended_s:
            yield self._violation(newest, f"nothing came after step {newest.step}, for {ended_s - newest.at_s:.1f} s")

    def stopped(self, acknowledged_at: int | None) -> Iterator[Violation]:
        """One step may have been on its way when somebody acknowledged."""
        if acknowledged_at is None:
            return
        later = [firing for firing in self.fired if firing.position > acknowledged_at]
        if len(later) > 1:
            yield Violation(
                "I4",
                f"{self.fired[0].card.source_id} climbed {len(later)} steps after it was acknowledged.",
                (self.fired[0].card.item_id, "observer"),
            )

    def _after_s(self, firing: Firing) -> int:
        return self.policy.rungs[firing.step - 1].after_s

    def _loops(self, firing: Firing) -> bool:
        return firing.step == len(self.policy.rungs) and self.policy.loop_s is not None

    def _latest_s(self, due_s: float) -> float:
        latest_s = due_s + self.tolerance_s
        for outage in self.outages:
            if outage.begins_s <= latest_s:
                latest_s = max(latest_s, outage.ends_s + AFTER_HEAL_S - 1.0 + self.tolerance_s)
        return latest_s

    def _violation(self, firing: Firing, words: str) -> Violation:
        sentence = f"{firing.card.source_id}, revision {firing.card.revision}: {words}."
        return Violation("I5", sentence, (firing.card.item_id, "observer", "alert'"))


def _written_apart_s(before: Firing, after: Firing) -> float:
    """By the clock of the servers, since the first may have been told late; 0 when a jump lies between."""
    apart_s = (after.card.fired_ms - before.card.fired_ms) / 1000
    return apart_s if abs(apart_s) < MINUTE_S else 0.0


def _is_timeless(history: History, begins_s: float, ends_s: float) -> bool:
    """Whether a server has started in this time, and a clock was wrong then, or before or after."""
    wrong_s: list[float] = []
    started_s: list[float] = []
    for event in history.of(Power):
        if event.part == "clocks":
            wrong_s.append(event.at_s)
        if event.part.startswith("server") and event.is_up and begins_s < event.at_s:
            started_s.append(event.at_s)
    # A clock that was wrong when the step before was written, or is when it is read.
    return any(start_s < ends_s + 1 for start_s in started_s) and any(
        begins_s - MEMORY_S < at_s < ends_s + 1 for at_s in wrong_s
    )


def _firings(history: History) -> dict[tuple[str, int], list[Firing]]:
    """Alert and revision → its firings, in the order of the log, each as it was seen first."""
    seen: dict[tuple[str, int, int], Firing] = {}
    for event in history.of(Seen):
        if not event.device.startswith("observer"):
            continue
        for card in event.cards:
            if card.step > 0:
                key = (card.item_id, card.revision, card.fired_ms)
                earlier = seen.get(key)
                if earlier is None or event.position < earlier.position:
                    at_s = event.at_s if earlier is None else min(earlier.at_s, event.at_s)
                    seen[key] = Firing(card.step, at_s, event.position, card)
    found: dict[tuple[str, int], list[Firing]] = {}
    for (item_id, revision, _), firing in sorted(seen.items(), key=lambda item: item[1].position):
        found.setdefault((item_id, revision), []).append(firing)
    return found


def _acknowledged_at(history: History, item_id: str, revision: int) -> int | None:
    """The position at which the first acknowledgement stands."""
    return min(
        (
            event.position
            for event in history.of(Seen)
            for mark in event.marks
            if (mark.item_id, mark.revision, mark.stage) == (item_id, revision, "acknowledged")
        ),
        default=None,
    )


def _outages(history: History) -> list[Outage]:
    """When nobody could fire anything: no server, no database, somebody cut off who may hold it, or nobody to look."""
    up: dict[str, bool] = {}
    found: list[Outage] = []
    began_s: float | None = None
    for event in history.of(Power):
        up[event.part] = event.is_up
        servers = [is_up for part, is_up in up.items() if part.startswith("server")]
        needed = [is_up for part, is_up in up.items() if part == "harness" or part.startswith("database")]
        is_well = (any(servers) or not servers) and all(needed)
        if not is_well and began_s is None:
            began_s = event.at_s
        elif is_well and began_s is not None:
            found.append(Outage(began_s, event.at_s))
            began_s = None
    if began_s is not None:
        found.append(Outage(began_s, float("inf")))
    return found
