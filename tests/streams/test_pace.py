"""How long a camera may be silent."""

import pytest

from streams.pace import Pace


def _of(*gaps_s: float) -> Pace:
    pace, at_s = Pace(), 100.0
    pace.picture(at_s)
    for gap_s in gaps_s:
        at_s += gap_s
        pace.picture(at_s)
    return pace


def test_a_usual_camera_has_the_usual_patience() -> None:
    assert _of(*(0.04,) * 50).patience_s(5) == 5
    assert _of(1.6, 1.6).patience_s(5) == 5


def test_a_slow_camera_has_three_of_its_gaps() -> None:
    assert _of(10.0, 10.0, 10.1).patience_s(5) == 30


def test_one_long_pause_does_not_make_a_camera_slow() -> None:
    assert _of(*(0.04,) * 10, 50, *(0.04,) * 10).patience_s(5) == 5


def test_a_camera_that_has_become_faster_is_slow_no_more() -> None:
    assert _of(*(10,) * 40, *(0.04,) * 17).patience_s(5) == 5


def test_nobody_waits_longer_than_a_minute() -> None:
    assert _of(50.0, 50.0).patience_s(5) == 60


def test_the_time_while_a_camera_was_lost_is_no_gap() -> None:
    pace = _of(0.04)
    pace.interrupt()
    pace.picture(1000)
    assert pace.patience_s(5) == 5


@pytest.mark.parametrize(("gaps_s", "patience_s"), [((), 15), ((0.04,), 5), ((10.0,), 30)])
def test_before_the_second_picture_nobody_knows_how_slow_a_camera_is(
    gaps_s: tuple[float, ...], patience_s: float
) -> None:
    assert _of(*gaps_s).first_patience_s(5) == patience_s
