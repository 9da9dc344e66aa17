import pytest

from server.auth.throttle import MEMORY_MS, refused_until_ms
from tests.server.samples import NOW_MS

MINUTE_MS = 60_000


def failures(*minutes: float) -> list[int]:
    return [NOW_MS + round(minute * MINUTE_MS) for minute in minutes]


@pytest.mark.parametrize("minutes", [(), (0,), (0, 1, 2, 3)])
def test_four_failures_are_not_enough(minutes: tuple[int, ...]) -> None:
    assert refused_until_ms(failures(*minutes), NOW_MS + 4 * MINUTE_MS) is None


def test_the_fifth_within_15_minutes_refuses_for_15_minutes() -> None:
    times = failures(0, 1, 2, 3, 15)
    until_ms = NOW_MS + 30 * MINUTE_MS
    assert refused_until_ms(times, NOW_MS + 15 * MINUTE_MS) == until_ms
    assert refused_until_ms(times, until_ms - 1) == until_ms
    assert refused_until_ms(times, until_ms) is None


def test_five_failures_in_more_than_15_minutes_are_slips() -> None:
    assert refused_until_ms(failures(0, 1, 2, 3, 15.1), NOW_MS + 16 * MINUTE_MS) is None


def test_only_the_last_five_count() -> None:
    assert refused_until_ms(failures(-100, 0, 1, 2, 3, 4), NOW_MS + 5 * MINUTE_MS) is not None


def test_a_slip_after_the_refusal_does_not_refuse_again() -> None:
    assert refused_until_ms(failures(0, 1, 2, 3, 4, 19.5), NOW_MS + 20 * MINUTE_MS) is None


def test_nothing_older_than_the_memory_matters() -> None:
    times = failures(0, 0, 0, 0, 15)
    assert refused_until_ms(times, times[0] + MEMORY_MS) is None
