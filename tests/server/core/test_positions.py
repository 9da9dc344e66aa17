from typing import Any

import pytest

from server.core.positions import Position
from server.errors import PositionInvalid
from streams.geo import Point
from tests.server.samples import NOW_MS

MESSAGE = {"type": "position", "lat": 41.76, "lon": -72.67, "accuracy_m": 8, "at_ms": NOW_MS}


def test_a_position_is_read_and_told_again() -> None:
    position = Position.parse(MESSAGE)
    assert position == Position(Point(41.76, -72.67), 8.0, NOW_MS)
    assert Position.parse(position.to_wire()) == position
    assert Position.parse({**MESSAGE, "accuracy_m": None}).accuracy_m is None
    assert Position.parse({**MESSAGE, "lat": 41.76000000123}).point.lat == 41.76


@pytest.mark.parametrize(
    "wrong",
    [
        {"lat": 90.1},
        {"lat": "41"},
        {"lat": True},
        {"lon": -181},
        {"lon": None},
        {"lon": 10**400},
        {"lat": float("nan")},
        {"accuracy_m": -1},
        {"accuracy_m": "near"},
        {"at_ms": None},
        {"at_ms": 1.5},
        {"at_ms": -1},
        {"at_ms": 2**63},
    ],
)
def test_what_is_no_place_on_the_globe_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(PositionInvalid):
        Position.parse({**MESSAGE, **wrong})


def test_one_from_the_future_is_refused() -> None:
    position = Position.parse(MESSAGE)
    position.check(NOW_MS - 60_000)
    with pytest.raises(PositionInvalid, match="61 s in the future"):
        position.check(NOW_MS - 61_000)


def test_a_clock_that_is_a_little_ahead_makes_nobody_younger_than_now() -> None:
    assert Position.parse(MESSAGE).age_ms(NOW_MS - 5_000) == 0
    assert Position.parse(MESSAGE).age_ms(NOW_MS + 5_000) == 5_000
