"""How much may be on the way: against a link that is computed, byte by byte and without waiting for it."""

import heapq
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from server.core.window import MIN_BYTES, START_BYTES, TARGET_S, WIDE_BYTES, Window


class Link:
    """One queue of any length; the other side answers marks at once."""

    def __init__(self, rate: float, round_trip_s: float) -> None:
        self.rate = rate
        """Bytes per second."""
        self.round_trip_s = round_trip_s
        self.now = 0.0
        self.window = Window()
        self.sent = 0
        self.longest_s = 0.0
        """What a byte that entered the queue had to wait at most."""
        self._free_at = 0.0
        self._answers: list[tuple[float, int]] = []
        self._mark(self.window.mark(0.0))
        self.run(lambda: not self._answers)

    def greedy(self) -> None:
        """Send as much as may be sent."""
        while room := self.window.room:
            self.give(min(room, self.window.chunk), more=True)

    def give(self, size: int, *, more: bool) -> None:
        self._free_at = max(self._free_at, self.now) + size / self.rate
        self.longest_s = max(self.longest_s, self._free_at - self.now)
        self.sent += size
        mark = self.window.sent(size, self.now, more=more)
        if mark is not None:
            self._mark(mark)

    def narrow(self) -> None:
        self._mark(self.window.narrow(self.now))

    def run(self, is_done: Callable[[], bool], *, greedy: bool = False) -> None:
        """Let answers come until something is so."""
        while not is_done():
            if greedy:
                self.greedy()
            self.now, mark = heapq.heappop(self._answers)
            self.window.answered(mark, self.now)
            overdue = self.window.overdue(self.now)
            if overdue is not None:
                self._mark(overdue)

    def run_for(self, seconds: float) -> None:
        end = self.now + seconds
        self.run(lambda: self.now >= end, greedy=True)

    def _mark(self, mark: int) -> None:
        heapq.heappush(self._answers, (max(self._free_at, self.now) + self.round_trip_s, mark))


@given(rate=st.floats(2_000, 400_000), round_trip_s=st.floats(0.005, 0.4))
def test_a_slow_link_has_half_a_second_of_video_on_it_and_is_never_idle(rate: float, round_trip_s: float) -> None:
    link = Link(rate, round_trip_s)
    link.run_for(10)
    assert link.longest_s <= START_BYTES / rate + round_trip_s + TARGET_S, "also in the beginning"
    link.longest_s, before, since = 0.0, link.sent, link.now
    link.run_for(30)
    if not link.window.is_wide:
        assert link.longest_s <= max(round_trip_s + TARGET_S, MIN_BYTES / rate) + 1e-6
        assert link.sent - before >= 0.95 * rate * (link.now - since) - WIDE_BYTES / 4


@given(rate=st.floats(1_500_000, 1e9), round_trip_s=st.floats(0.0002, 0.15))
def test_a_fast_link_is_wide_within_a_few_round_trips(rate: float, round_trip_s: float) -> None:
    link = Link(rate, round_trip_s)
    began = link.now
    link.run(lambda: link.window.is_wide, greedy=True)
    assert link.now - began <= 8 * round_trip_s + 0.5


def test_a_link_that_becomes_slow_is_noticed() -> None:
    link = Link(200_000, 0.05)
    link.run_for(5)
    assert link.window.size > 50_000
    link.rate = 8_000
    link.run_for(20)
    assert link.window.size <= 8_000 * (0.05 + TARGET_S) + 1


def test_a_link_that_becomes_fast_is_noticed() -> None:
    link = Link(8_000, 0.05)
    link.run_for(10)
    assert link.window.size < START_BYTES
    link.rate = 2_000_000
    link.run(lambda: link.window.is_wide, greedy=True)


def test_little_that_is_sent_says_nothing_of_what_could_be() -> None:
    link = Link(1_000_000, 0.1)
    for _ in range(100):
        link.give(300, more=False)
        link.now += 0.1
    assert link.window.size == START_BYTES
    link.run(lambda: link.window.unanswered < link.window.chunk)
    assert link.window.size >= START_BYTES


def test_small_messages_that_come_when_there_is_room_are_measured_too() -> None:
    link = Link(8_000, 0.05)
    while link.now < 20:
        while room := link.window.room:
            link.give(min(room, 300), more=False)
        link.run(lambda: link.window.room > 0)
    assert link.window.size <= 8_000 * (0.05 + TARGET_S) + 1


def test_after_somebody_fell_behind_nothing_is_sent_before_the_way_is_clear() -> None:
    link = Link(1_000_000, 0.05)
    link.run(lambda: link.window.is_wide, greedy=True)
    link.narrow()
    assert link.window.room == 0
    assert not link.window.is_stuck(link.now + 4, 4)
    assert link.window.is_stuck(link.now + 4.1, 4)
    link.run(lambda: link.window.room > 0)
    assert not link.window.is_stuck(link.now + 60, 4)
    assert link.window.room == START_BYTES


@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("send"), st.integers(1, 300_000)),
            st.tuples(st.just("answer"), st.integers(0, 2**64 - 1)),
            st.tuples(st.just("answer"), st.integers(0, 60)),
            st.tuples(st.just("wait"), st.integers(0, 10_000)),
            st.tuples(st.just("narrow"), st.just(0)),
        )
    )
)
def test_whatever_the_other_side_answers_the_window_opens_again_once_everything_is(
    steps: list[tuple[str, int]],
) -> None:
    window, now, marks = Window(), 0.0, [0]
    for what, number in steps:
        if what == "send" and (size := min(number, window.room)):
            mark = window.sent(size, now, more=number > size)
            marks += [] if mark is None else [mark]
        elif what == "answer":
            window.answered(marks[number] if number < len(marks) else number, now)
        elif what == "wait":
            now += number / 1000
        elif what == "narrow":
            marks.append(window.narrow(now))
        assert window.unanswered >= 0
        assert window.size >= MIN_BYTES
    now += 1
    for _ in range(3):
        window.answered(max(marks), now)
        overdue = window.overdue(now)
        marks += [] if overdue is None else [overdue]
    assert window.room > 0
