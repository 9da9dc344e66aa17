"""Uptime: how much of a time each camera, each district and all of them gave pictures."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from streams.config import CameraConfig

NOTE = (
    "Shares are of the time in which pictures were asked for. A camera that nobody watches is not connected: that time"
    " is idle_ms, and says nothing about it."
)
_WORD_OF = {"live": "up", "stalled": "stalled", "down": "down", "unknown": "unknown", "idle": "idle"}


@dataclass(frozen=True, slots=True)
class Uptime:
    """Milliseconds in each state."""

    up_ms: int = 0
    stalled_ms: int = 0
    down_ms: int = 0
    unknown_ms: int = 0
    """Nothing was heard of its reader, or no server ran."""
    idle_ms: int = 0
    """Not asked for pictures."""

    @classmethod
    def of(cls, spent_ms: Mapping[str, int]) -> Self:
        """By state; what is no state counts as unknown."""
        sums: dict[str, int] = {}
        for state, spent in spent_ms.items():
            name = f"{_WORD_OF.get(state, 'unknown')}_ms"
            sums[name] = sums.get(name, 0) + spent
        return cls(**sums)

    @classmethod
    def sum(cls, parts: Iterable[Self]) -> Self:
        sums = dict.fromkeys((field.name for field in fields(cls)), 0)
        for part in parts:
            for name in sums:
                sums[name] += getattr(part, name)
        return cls(**sums)

    @property
    def asked_ms(self) -> int:
        return self.up_ms + self.stalled_ms + self.down_ms + self.unknown_ms

    def to_wire(self) -> dict[str, Any]:
        """The shares are null when it was never asked."""
        asked_ms = self.asked_ms
        times = {field.name: getattr(self, field.name) for field in fields(self)}
        words = ("up", "stalled", "down", "unknown")
        shares = {word: round(times[f"{word}_ms"] / asked_ms, 6) if asked_ms else None for word in words}
        return {**shares, "asked_ms": asked_ms, **times}


def report(
    cameras: Iterable[CameraConfig], spent_ms: Mapping[str, Mapping[str, int]], *, from_ms: int, to_ms: int
) -> dict[str, Any]:
    """
    Args:
        spent_ms: camera → state → milliseconds between ``from_ms`` and ``to_ms``; of a camera that came later less.
    """
    rows = [(camera, Uptime.of(spent_ms.get(camera.id, {}))) for camera in cameras]
    districts: dict[str, list[Uptime]] = {}
    for camera, uptime in rows:
        districts.setdefault(camera.district, []).append(uptime)
    return {
        "from_ms": from_ms,
        "to_ms": to_ms,
        "note": NOTE,
        "all": {"cameras": len(rows), **Uptime.sum(uptime for _, uptime in rows).to_wire()},
        "districts": [
            {"district": district, "cameras": len(parts), **Uptime.sum(parts).to_wire()}
            for district, parts in sorted(districts.items())
        ],
        "cameras": [
            {
                "id": camera.id,
                "number": camera.number,
                "name": camera.name,
                "district": camera.district,
                **uptime.to_wire(),
            }
            for camera, uptime in rows
        ],
    }
