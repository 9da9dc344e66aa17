"""Positions: where somebody's device was last."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.core.body import json_kind
from server.errors import PositionInvalid
from streams.errors import FormatError
from streams.geo import Point

FUTURE_TOLERANCE_MS = 60_000
STALE_MS = 30_000
"""Older ones are shown as such."""
MAX_ACCURACY_M = 1_000_000.0
_MAX_MS = 2**53


@dataclass(frozen=True, slots=True)
class Position:
    point: Point
    accuracy_m: float | None
    """Radius of the 68 % circle, as the Geolocation API has it; None when the device does not know."""
    at_ms: int
    """By the clock of the device."""

    @classmethod
    def parse(cls, message: Mapping[str, Any]) -> "Position":
        """Read the fields of docs/wire.md §5.4.

        Raises:
            PositionInvalid: a field is missing or of the wrong kind, or the place is off the globe.
        """
        try:
            # To a decimetre: a console is told of thousands each second.
            point = Point(round(_number(message, "lat"), 6), round(_number(message, "lon"), 6))
        except FormatError as error:
            raise PositionInvalid(f"This is no place on the globe: {error}.") from None
        at_ms = message.get("at_ms")
        if isinstance(at_ms, bool) or not isinstance(at_ms, int) or not 0 <= at_ms <= _MAX_MS:
            raise PositionInvalid("'at_ms' must be a whole number of milliseconds since the epoch.", path="at_ms")
        accuracy_m = None if message.get("accuracy_m") is None else _number(message, "accuracy_m")
        if accuracy_m is not None and not 0 <= accuracy_m <= MAX_ACCURACY_M:
            raise PositionInvalid(f"'accuracy_m' must be 0 to {MAX_ACCURACY_M:.0f} metres or null.", path="accuracy_m")
        return cls(point, accuracy_m, at_ms)

    def check(self, now_ms: int) -> None:
        """
        Raises:
            PositionInvalid: it is more than 60 s in the future.
        """
        if self.at_ms > now_ms + FUTURE_TOLERANCE_MS:
            ahead_s = (self.at_ms - now_ms) // 1000
            raise PositionInvalid(f"'at_ms' is {ahead_s} s in the future; set the clock of the device.", path="at_ms")

    def age_ms(self, now_ms: int) -> int:
        """0 for one of a device whose clock is ahead."""
        return max(0, now_ms - self.at_ms)

    def to_wire(self) -> dict[str, Any]:
        return {"lat": self.point.lat, "lon": self.point.lon, "accuracy_m": self.accuracy_m, "at_ms": self.at_ms}


def _number(message: Mapping[str, Any], key: str) -> float:
    value = message.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PositionInvalid(f"'{key}' must be a number, not {json_kind(value)}.", path=key)
    try:
        return float(value)
    except OverflowError:
        raise PositionInvalid(f"'{key}' is too large.", path=key) from None
