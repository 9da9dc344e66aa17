"""The ladder of waits."""

import pytest

from streams.backoff import Backoff


def _waits(backoff: Backoff, count: int) -> list[float]:
    return [backoff.next_s(0.5) for _ in range(count)]


def test_five_short_waits_then_five_longer_ones_then_up_to_half_a_minute() -> None:
    assert _waits(Backoff(), 14) == [1, 1, 1, 1, 1, 5, 5, 5, 5, 5, 15, 30, 30, 30]


def test_chance_moves_a_wait_by_a_fifth_at_most() -> None:
    assert Backoff().next_s(0) == pytest.approx(0.8)
    assert Backoff().next_s(1) == pytest.approx(1.2)


def test_a_good_run_starts_the_ladder_anew_and_a_short_one_does_not() -> None:
    backoff = Backoff()
    _waits(backoff, 6)
    backoff.ran(29.9)
    assert _waits(backoff, 1) == [5]
    backoff.ran(30)
    assert _waits(backoff, 1) == [1]
