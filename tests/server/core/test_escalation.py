from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from server.core.escalation import EN_ROUTE, LATE_MS, Escalation, Ladder
from server.core.policies import DEFAULTS, NOBODY_NEW, Policy, Step
from server.core.timetable import Timetable
from tests.server.samples import HOUR_MS, NOW_MS

P1 = DEFAULTS[0]
ESCALATION = Escalation("P1", 2, 5, NOW_MS, NOW_MS + 5000, sound=True, say="", reached=3)


def climbed(ladder: Ladder, steps: int) -> list[int]:
    """When each step came, each as it was due, in ms since the ladder began."""
    times = []
    for _ in range(steps):
        assert ladder.due_ms is not None
        times.append(ladder.due_ms - NOW_MS)
        ladder = ladder.fired(ladder.due_ms)
    return times


def begun(policy: Policy = P1) -> Ladder:
    return Ladder.begun("a-1", 1, policy, NOW_MS)


def test_steps_come_when_the_policy_says_and_the_last_again() -> None:
    assert climbed(begun(), 8) == [0, 10_000, 15_000, 30_000, 60_000, 120_000, 180_000, 240_000]


def test_without_a_loop_the_last_step_is_the_end() -> None:
    ladder = begun(Policy("P3", 1, 3, (Step(0, NOBODY_NEW), Step(300, NOBODY_NEW))))
    assert ladder.fired(NOW_MS).fired(NOW_MS + 300_000).due_ms is None


def test_a_little_lateness_moves_nothing() -> None:
    ladder = begun().fired(NOW_MS).fired(NOW_MS + 10_000 + LATE_MS, LATE_MS)
    assert ladder.due_ms == NOW_MS + 15_000


def test_more_lateness_moves_the_steps_behind() -> None:
    ladder = begun().fired(NOW_MS).fired(NOW_MS + 18_000, 8_000)
    assert (ladder.started_ms, ladder.due_ms) == (NOW_MS + 8_000, NOW_MS + 23_000)


def test_who_acknowledges_has_to_be_on_the_way_in_time() -> None:
    ladder = begun().fired(NOW_MS).acknowledged(NOW_MS + 3_000)
    assert (ladder.step, ladder.due_ms, ladder.delay_ms) == (EN_ROUTE, NOW_MS + 123_000, 120_000)
    assert begun(replace(P1, en_route_s=None)).acknowledged(NOW_MS).due_ms is None


def test_an_escalation_survives_being_told_and_says_when_it_is_over() -> None:
    assert Escalation.from_wire(ESCALATION.to_wire()) == ESCALATION
    assert (ESCALATION.stopped().next_ms, ESCALATION.stopped().over) == (None, True)
    assert (ESCALATION.acknowledged(NOW_MS + 9).next_ms, ESCALATION.acknowledged(NOW_MS + 9).over) == (
        NOW_MS + 9,
        False,
    )
    assert ESCALATION.acknowledged(None) == ESCALATION.stopped()


@pytest.mark.parametrize("off_ms", [0, HOUR_MS, -HOUR_MS])
def test_what_an_entry_tells_counts_from_when_it_was_written(off_ms: int) -> None:
    """Whether the clock of who wrote it is right or not."""
    timetable = Timetable()
    timetable.told("a-1", NOW_MS + off_ms + 10_000, told_ms=NOW_MS + off_ms, now_ms=500)
    assert timetable.take(10_499, 10) == []
    assert [due.late_ms for due in timetable.take(10_600, 10)] == [100]
    assert timetable.take(99_999, 10) == []


def test_a_row_that_is_further_away_than_its_step_is_pulled_near() -> None:
    timetable = Timetable()
    timetable.found("a-1", NOW_MS + HOUR_MS, delay_ms=10_000, wall_ms=NOW_MS, now_ms=0)
    timetable.found("a-2", NOW_MS + 4_000, delay_ms=10_000, wall_ms=NOW_MS, now_ms=0)
    timetable.found("a-3", NOW_MS - 4_000, delay_ms=10_000, wall_ms=NOW_MS, now_ms=0)
    assert [(due.alert_id, due.late_ms) for due in timetable.take(10_000, 10)] == [
        ("a-3", 14_000),
        ("a-2", 6_000),
        ("a-1", 0),
    ]


def test_what_was_told_is_newer_than_what_was_read() -> None:
    timetable = Timetable()
    timetable.told("a-1", NOW_MS + 9_000, told_ms=NOW_MS, now_ms=0)
    timetable.found("a-1", NOW_MS + 1_000, delay_ms=10_000, wall_ms=NOW_MS, now_ms=0)
    assert timetable.take(8_999, 10) == []
    timetable.told("a-1", None, told_ms=NOW_MS, now_ms=0)
    assert timetable.take(HOUR_MS, 10) == []


class World:
    """A table with one ladder, and servers whose clocks differ and jump; what is true is the time ``now_ms``.

    What one of them writes the others hear when they do, within a second.
    """

    def __init__(self, policy: Policy, servers: int) -> None:
        self.now_ms = 0
        self.walls = [NOW_MS + 37 * server for server in range(servers)]
        """What to add to the true time for the wall clock of each server."""
        self.timetables = [Timetable() for _ in range(servers)]
        self.entries: list[tuple[int, int | None, int]] = []
        """True time, when the next step is due, and the time by the clock of who wrote it."""
        self.heard = [0] * servers
        self.unheard: list[tuple[int, Ladder] | None] = [None] * servers
        """What each has read in the table, and how long the log was then."""
        self.fired: list[tuple[int, int]] = []
        """Step and true time."""
        self.row = Ladder.begun("a-1", 1, policy, self.wall(0))
        self.fire(0, 0)

    def wall(self, server: int) -> int:
        return self.now_ms + self.walls[server]

    def pass_time(self, wait_ms: int) -> None:
        self.now_ms += wait_ms
        for server, _ in enumerate(self.heard):
            while self.heard[server] < len(self.entries) and self.entries[self.heard[server]][0] + 1_000 <= self.now_ms:
                self.hear_one(server, self.entries[self.heard[server]][0] + 1_000)

    def run(self, moves: list[tuple[int, str, int]]) -> None:
        for server, what, wait_ms in moves:
            self.pass_time(wait_ms)
            match what:
                case "jump":
                    self.walls[server] += HOUR_MS if wait_ms % 2 else -HOUR_MS
                case "read":
                    self.read(server)
                    self.wake(server)
                case "hear":
                    self.hear(server)
                case "correct":
                    self.correct(server)
                case "restart":
                    self.restart(server)
                case _:
                    self.wake(server)

    def hear_one(self, server: int, at_ms: int) -> None:
        _, due_ms, told_ms = self.entries[self.heard[server]]
        self.heard[server] += 1
        self.timetables[server].told("a-1", due_ms, told_ms=told_ms, now_ms=at_ms)

    def hear(self, server: int) -> None:
        while self.heard[server] < len(self.entries):
            self.hear_one(server, self.now_ms)

    def wake(self, server: int) -> None:
        found = self.unheard[server]
        if found is not None and self.heard[server] >= found[0]:
            self.unheard[server], (_, row) = None, found
            assert row.due_ms is not None, "it goes on for ever"
            clocks = {"wall_ms": self.wall(server), "now_ms": self.now_ms}
            self.timetables[server].found("a-1", row.due_ms, delay_ms=row.delay_ms, **clocks)
        for due in self.timetables[server].take(self.now_ms, 10):
            if self.row.due_ms == due.due_ms:
                self.fire(server, due.late_ms)

    def fire(self, server: int, late_ms: int) -> None:
        self.fired.append((self.row.step, self.now_ms))
        self.row = self.row.fired(self.wall(server), late_ms)
        self.entries.append((self.now_ms, self.row.due_ms, self.wall(server)))
        self.hear(server)

    def correct(self, server: int) -> None:
        """A word of the alert is said otherwise: one more entry, by whatever clock; the ladder goes on as it was."""
        self.entries.append((self.now_ms, self.row.due_ms, self.wall(server)))
        self.hear(server)

    def restart(self, server: int) -> None:
        """It forgets, begins at the end of the log, and reads the table."""
        self.timetables[server] = Timetable()
        self.heard[server] = len(self.entries)
        self.read(server)
        self.wake(server)

    def read(self, server: int) -> None:
        self.unheard[server] = (len(self.entries), self.row)


policies = st.lists(st.integers(1, 60), min_size=0, max_size=5).map(
    lambda gaps: Policy("P1", 1, 1, tuple(Step(sum(gaps[:i]), NOBODY_NEW) for i in range(len(gaps) + 1)), loop_s=15)
)
MINUTES = Policy("P1", 1, 1, (Step(0, NOBODY_NEW), Step(60, NOBODY_NEW)), loop_s=15)


def moves(*others: str) -> st.SearchStrategy[list[tuple[int, str, int]]]:
    """Server, what it does, and after how long."""
    words = st.sampled_from(["wake", "wake", "wake", "jump", "correct", *others])
    waits = st.integers(0, 1_000) | st.integers(0, 20_000) | st.integers(0, 200_000)
    return st.lists(st.tuples(st.integers(0, 2), words, waits), max_size=60)


@given(policies, moves("read", "hear"))
@example(MINUTES, [(1, "hear", 0), (1, "jump", 1), (0, "wake", 60_000), (1, "read", 100), (1, "read", 100)])
def test_each_step_comes_once_in_order_and_never_early_whoever_wakes_when(
    policy: Policy, moves: list[tuple[int, str, int]]
) -> None:
    """Three servers wake at any times; their wall clocks jump while they run."""
    world = World(policy, 3)
    world.run(moves)
    assert [step for step, _ in world.fired] == list(range(len(world.fired)))
    for (_, before_ms), (step, at_ms) in zip(world.fired, world.fired[1:], strict=False):
        # A step that came a little late does not move the next one.
        assert at_ms - before_ms >= policy.delay_ms(step) - LATE_MS


@given(policies, moves("restart"))
@example(MINUTES, [(server, what, 2) for what in ("jump", "restart") for server in range(3)])
def test_no_step_is_left_out_whatever_clocks_do_and_whoever_starts_anew(
    policy: Policy, moves: list[tuple[int, str, int]]
) -> None:
    """After all of it, while servers look each second: no step is later than its own time and a second."""
    world = World(policy, 3)
    world.run(moves)
    done, since_ms = len(world.fired), world.now_ms
    for _ in range(200):
        world.pass_time(500)
        for server in range(3):
            world.wake(server)
    assert [step for step, _ in world.fired] == list(range(len(world.fired)))
    times = [since_ms, *(at_ms for _, at_ms in world.fired[done:]), world.now_ms]
    steps = [step for step, _ in world.fired[done:]]
    for step, before_ms, at_ms in zip([*steps, len(world.fired)], times[:-1], times[1:], strict=True):
        assert at_ms - before_ms <= policy.delay_ms(step) + 2_000


@given(policies, st.lists(st.integers(1, 900), min_size=1, max_size=80))
def test_with_servers_that_look_each_second_every_step_is_within_a_second(policy: Policy, waits: list[int]) -> None:
    """What one writes the other hears at once: without a bus it would count from then, and may take the next step."""
    world = World(policy, 2)
    world.hear(1)
    for wait_ms in waits * 5:
        world.pass_time(wait_ms)
        for server in (wait_ms % 2, 1 - wait_ms % 2):
            world.wake(server)
            world.hear(1 - server)
    for step, at_ms in world.fired:
        due_ms = 1000 * (policy.steps[step].after_s if step < len(policy.steps) else policy.steps[-1].after_s)
        due_ms += 15_000 * max(0, step - len(policy.steps) + 1)
        assert due_ms <= at_ms < due_ms + 1_000


@given(policies, st.sampled_from([-HOUR_MS, HOUR_MS]), st.integers(0, 10_000))
def test_a_restart_with_another_clock_delays_no_step_by_more_than_its_own_time(
    policy: Policy, jump_ms: int, since_ms: int
) -> None:
    world = World(policy, 1)
    world.now_ms += since_ms
    world.walls[0] += jump_ms
    world.restart(0)
    for _ in range(200):
        world.pass_time(1_000)
        world.wake(0)
    assert [step for step, _ in world.fired] == list(range(len(world.fired)))
    for (_, before_ms), (step, at_ms) in zip(world.fired, world.fired[1:], strict=False):
        assert at_ms - before_ms <= policy.delay_ms(step) + since_ms + 1_000
