from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.cameras.timeline import Tick, Timeline

FRAME = 3600  # 25 pictures a second


def ticks(pictures: Sequence[tuple[int | None, float]]) -> list[Tick]:
    timeline = Timeline()
    return [timeline.next(timestamp, arrived_at) for timestamp, arrived_at in pictures]


def steps(placed: list[Tick]) -> list[int]:
    return [after.dts - before.dts for before, after in pairwise(placed)]


def test_a_good_clock_is_followed_to_the_tick() -> None:
    placed = ticks([(1000 + n * FRAME, 50 + n * 0.04) for n in range(100)])
    assert [tick.dts for tick in placed] == [n * FRAME for n in range(100)]
    assert [tick.restarted for tick in placed] == [True] + [False] * 99
    assert {tick.duration for tick in placed} == {FRAME}


def test_an_uneven_clock_is_followed_too() -> None:
    stamps = [0, 3000, 9000, 9001, 20_000]
    placed = ticks([(stamp, stamp / 90_000) for stamp in stamps])
    assert [tick.dts for tick in placed] == stamps
    assert [tick.duration for tick in placed[1:]] == [3000, 6000, 1, 10_999]


def test_a_wrap_of_the_clock_is_not_seen() -> None:
    start = 2**32 - 5 * FRAME
    placed = ticks([((start + n * FRAME) % 2**32, n * 0.04) for n in range(10)])
    assert steps(placed) == [FRAME] * 9


@pytest.mark.parametrize("jump", [0, -90_000, 2**31, 10 * 90_000, -5 * FRAME])
def test_an_unbelievable_step_is_the_usual_one(jump: int) -> None:
    stamps = [n * FRAME for n in range(20)]
    stamps += [(stamps[-1] + jump + n * FRAME) % 2**32 for n in range(20)]
    placed = ticks([(stamp, n * 0.04) for n, stamp in enumerate(stamps)])
    assert steps(placed) == [FRAME] * 39
    assert not any(tick.restarted for tick in placed[1:])


@pytest.mark.parametrize("garbage", [2**31, -90_000 % 2**32, 90_000, 12 * 90_000])
def test_garbage_in_the_first_timestamp_moves_nothing(garbage: int) -> None:
    placed = ticks([(garbage, 0.0), *((n * FRAME, n * 0.04) for n in range(1, 50))])
    assert steps(placed) == [FRAME] * 49
    assert not any(tick.restarted for tick in placed[1:])


def test_a_clock_that_drifts_is_bent_by_five_percent_at_most() -> None:
    # The camera's second has 2 % more ticks than ours, for ten minutes.
    placed = ticks([(int(n * FRAME * 1.02), n * 0.04) for n in range(15_000)])
    assert not any(tick.restarted for tick in placed[1:])
    assert all(FRAME * 0.94 < step < FRAME * 1.07 for step in steps(placed))
    assert all(-1.1 < tick.dts / 90_000 - n * 0.04 < 0.3 for n, tick in enumerate(placed))


def test_a_clock_that_is_slow_is_bent_the_other_way() -> None:
    placed = ticks([(int(n * FRAME * 0.98), n * 0.04) for n in range(15_000)])
    assert not any(tick.restarted for tick in placed[1:])
    assert all(-1.1 < tick.dts / 90_000 - n * 0.04 < 0.3 for n, tick in enumerate(placed))


def test_a_clock_that_has_nothing_to_do_with_time_is_given_up_and_the_timeline_goes_on() -> None:
    placed = ticks([(n * 2 * FRAME, n * 0.04) for n in range(200)])
    restarts = [n for n, tick in enumerate(placed) if tick.restarted]
    assert len(restarts) > 1
    assert all(0 < step <= 2 * FRAME for step in steps(placed))


def test_after_a_pause_the_timeline_goes_on_without_a_hole() -> None:
    before = [(n * FRAME, n * 0.04) for n in range(50)]
    after = [(stamp + 20 * 90_000, at + 20) for stamp, at in before]
    placed = ticks(before + after)
    assert steps(placed) == [FRAME] * 99
    assert [n for n, tick in enumerate(placed) if tick.restarted] == [0, 50]


def test_a_camera_of_one_picture_in_three_seconds_is_followed() -> None:
    placed = ticks([(n * 3 * 90_000, n * 3.0) for n in range(20)])
    assert steps(placed) == [3 * 90_000] * 19
    assert not any(tick.restarted for tick in placed[1:])


def test_without_a_clock_arrival_counts() -> None:
    placed = ticks([(None, 10.0), (None, 10.1), (None, 10.1), (None, 10.35)])
    assert steps(placed) == [9000, 1, 22_500]


def test_an_interruption_makes_the_relation_anew_without_a_hole() -> None:
    timeline = Timeline()
    first = timeline.next(5, 1.0)
    timeline.interrupt()
    second = timeline.next(2**31, 500.0)
    third = timeline.next(2**31 + 3000, 500.03)
    assert (first.restarted, second.restarted, third.restarted) == (True, True, False)
    assert (second.dts - first.dts, third.dts - second.dts) == (FRAME, 3000)


@given(
    st.lists(
        st.tuples(st.one_of(st.none(), st.integers(0, 2**32 - 1)), st.floats(-1e9, 1e10), st.booleans()), max_size=60
    )
)
def test_the_timeline_only_ever_grows(pictures: list[tuple[int | None, float, bool]]) -> None:
    timeline, newest = Timeline(), -1
    for timestamp, arrived_at, is_interrupted in pictures:
        if is_interrupted:
            timeline.interrupt()
        tick = timeline.next(timestamp, arrived_at)
        assert tick.dts > newest
        assert tick.duration >= 1
        newest = tick.dts
