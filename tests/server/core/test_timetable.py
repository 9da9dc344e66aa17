import pytest

from server.core.timetable import Due, Timetable

HOUR_MS = 3_600_000


def test_a_step_is_due_as_long_after_its_entry_as_the_entry_says() -> None:
    table = Timetable()
    table.told("a", 20_000, told_ms=10_000, now_ms=500)
    assert table.take(10_499, 10) == []
    assert table.take(10_500, 10) == [Due("a", 20_000, 0)]
    assert table.take(99_999, 10) == []


@pytest.mark.parametrize("off_ms", [HOUR_MS, -HOUR_MS])
def test_what_is_only_said_again_by_another_clock_moves_nothing(off_ms: int) -> None:
    """Somebody shelves the alert, or corrects a word, at a server whose clock is wrong."""
    told, found = Timetable(), Timetable()
    told.told("a", 20_000, told_ms=10_000, now_ms=500)
    found.found("a", 20_000, delay_ms=10_000, wall_ms=10_000, now_ms=500)
    for table in (told, found):
        table.told("a", 20_000, told_ms=12_000 + off_ms, now_ms=2_500)
        assert table.take(10_499, 10) == []
        assert table.take(10_500, 10) == [Due("a", 20_000, 0)]


def test_the_table_does_not_replace_what_an_entry_has_told() -> None:
    table = Timetable()
    table.told("a", 20_000, told_ms=10_000, now_ms=500)
    table.found("a", 20_000, delay_ms=10_000, wall_ms=10_000 + HOUR_MS, now_ms=500)
    assert table.take(10_499, 10) == []


def test_a_step_is_never_further_away_than_its_own_delay() -> None:
    table = Timetable()
    table.found("a", HOUR_MS, delay_ms=10_000, wall_ms=0, now_ms=0)
    assert table.take(10_000, 10) == [Due("a", HOUR_MS, 0)]


def test_a_ladder_that_stops_is_not_due() -> None:
    table = Timetable()
    table.told("a", 20_000, told_ms=10_000, now_ms=0)
    table.told("a", None, told_ms=11_000, now_ms=1_000)
    assert table.take(99_999, 10) == []


def test_what_is_put_back_is_still_as_late_as_it_was() -> None:
    table = Timetable()
    table.told("a", 1_000, told_ms=0, now_ms=0)
    (due,) = table.take(1_500, 10)
    assert due.late_ms == 500
    table.put_back(due, 1_500)
    assert table.take(2_000, 10) == [Due("a", 1_000, 1_000)]
