import pytest

from streams.cameras.cadence import Cadence


def _taken(cadence: Cadence, times: list[float]) -> list[float]:
    return [time for time in times if cadence.takes(time)]


@pytest.mark.parametrize("camera_fps", [30, 25, 15, 12.5, 10])
def test_a_slower_rendition_takes_so_many_pictures_a_second(camera_fps: float) -> None:
    times = [1000 + n / camera_fps for n in range(int(camera_fps * 20))]

    assert len(_taken(Cadence(10), times)) == pytest.approx(200, abs=2)
    assert len(_taken(Cadence(1), times)) == pytest.approx(20, abs=1)


def test_a_camera_that_is_slower_loses_nothing() -> None:
    times = [1000 + n / 4 for n in range(40)]

    assert _taken(Cadence(5), times) == times
    assert _taken(Cadence(None), times) == times


def test_pictures_that_come_unevenly_are_not_lost() -> None:
    times = [1000 + n / 10 + (0.015 if n % 2 else -0.015) for n in range(100)]

    assert _taken(Cadence(10), times) == times


def test_after_a_pause_nothing_is_caught_up() -> None:
    cadence = Cadence(5)
    _taken(cadence, [1000 + n / 25 for n in range(50)])

    assert len(_taken(cadence, [1030 + n / 25 for n in range(25)])) == 5


def test_a_clock_that_was_set_back_stops_nothing() -> None:
    cadence = Cadence(1)
    assert cadence.takes(1000)
    assert cadence.is_key_due(1000)

    assert cadence.takes(400)
    assert cadence.is_key_due(400)


def test_a_key_frame_is_due_every_two_seconds_and_when_asked_for() -> None:
    cadence = Cadence(10)
    keys = [n for n in range(50) if cadence.is_key_due(1000 + n / 10)]

    assert keys == [0, 20, 40]
    cadence.ask_for_key()
    assert cadence.is_key_due(1005.0)
    assert not cadence.is_key_due(1005.1)
