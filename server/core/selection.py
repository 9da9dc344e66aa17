"""Selection: whom somebody in the center chooses for a push or bulletin (docs/wire.md §6.1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from server.core.body import json_kind, no_others, texts
from server.errors import RequestInvalid
from streams.errors import FormatError
from streams.geo import Point

MIN_RADIUS_M, MAX_RADIUS_M = 10.0, 50_000.0
MAX_NAMES = 1000
MAX_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Near:
    """Everybody whose last known position lies within the circle."""

    point: Point
    radius_m: float

    def to_json(self) -> dict[str, Any]:
        return {"lat": self.point.lat, "lon": self.point.lon, "radius_m": self.radius_m}


@dataclass(frozen=True, slots=True)
class Selection:
    """Everybody who is named by any of its parts; who that is now, the roster knows (core/roster.py)."""

    people: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    beats: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    duties: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    near: Near | None = None

    @classmethod
    def parse(cls, body: object, path: str = "to") -> "Selection":
        """
        Args:
            body: the object itself, not the one that holds it.
            path: of the object, for what is said about its fields.

        Raises:
            RequestInvalid: no object, a part that is not known, a field of the wrong kind, a place off the globe, a
                radius out of range.
        """
        if not isinstance(body, Mapping):
            raise RequestInvalid(f"'{path}' must be an object, not {json_kind(body)}.", path=path)
        names = ("people", "units", "beats", "roles", "duties", "agencies")
        no_others(body, (*names, "near"), path)
        parts = {
            name: texts(body, name, max_items=MAX_NAMES, max_characters=MAX_CHARACTERS, path=path) for name in names
        }
        return cls(**parts, near=_near(body.get("near"), f"{path}.near"))

    def to_json(self) -> dict[str, Any]:
        """Only what is set, as it is told and compared."""
        wire: dict[str, Any] = {
            name: list(names)
            for name in ("people", "units", "beats", "roles", "duties", "agencies")
            if (names := getattr(self, name))
        }
        return {**wire, "near": self.near.to_json()} if self.near else wire


def _near(value: object, path: str) -> Near | None:
    if value is None:
        return None
    if not isinstance(value, Mapping):
        raise RequestInvalid(f"'{path}' must be an object, not {json_kind(value)}.", path=path)
    lat, lon, radius_m = (_number(value, key, path) for key in ("lat", "lon", "radius_m"))
    # `not (a <= x <= b)` also refuses NaN.
    if not (MIN_RADIUS_M <= radius_m <= MAX_RADIUS_M):
        raise RequestInvalid(
            f"'{path}.radius_m' is {radius_m:g}, expected {MIN_RADIUS_M:.0f} to {MAX_RADIUS_M:.0f} metres.",
            path=f"{path}.radius_m",
        )
    try:
        return Near(Point(lat, lon), radius_m)
    except FormatError as error:
        raise RequestInvalid(f"'{path}' is no place on the globe: {error}.", path=path) from None


def _number(body: Mapping[str, Any], key: str, path: str) -> float:
    value = body.get(key)
    where = f"{path}.{key}"
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RequestInvalid(f"'{where}' must be a number, not {json_kind(value)}.", path=where)
    try:
        return float(value)
    except OverflowError:
        raise RequestInvalid(f"'{where}' is too large.", path=where) from None
