"""Places: a point, a circle and a polygon on the WGS 84 ellipsoid, in decimal degrees and metres."""

import math
from dataclasses import dataclass

from streams.errors import FormatError

EARTH_RADIUS_M = 6_371_008.8
_LINE_DEG = 1e-9
"""How thick the line around a polygon is: a tenth of a millimetre."""


@dataclass(frozen=True, slots=True)
class Point:
    """A position in decimal degrees.

    Raises:
        FormatError: latitude outside -90..90, longitude outside -180..180, or not finite.
    """

    lat: float
    lon: float

    def __post_init__(self) -> None:
        # `not (a <= x <= b)` also refuses NaN.
        if not (-90 <= self.lat <= 90):
            raise FormatError(f"latitude {self.lat} is outside -90..90")
        if not (-180 <= self.lon <= 180):
            raise FormatError(f"longitude {self.lon} is outside -180..180")


@dataclass(frozen=True, slots=True)
class Circle:
    """A place with its uncertainty (CAP 1.2 ``circle``, but in metres)."""

    center: Point
    radius_m: float

    def __post_init__(self) -> None:
        if not (0 <= self.radius_m <= 20_000_000):
            raise FormatError(f"radius {self.radius_m} m is outside 0..20000000")


@dataclass(frozen=True, slots=True)
class Polygon:
    """An area of a city: edges are straight on the map, and none crosses the 180th meridian.

    Args:
        ring: at least three corners; the last is joined to the first, whether it repeats it or not.

    Raises:
        FormatError: fewer than three corners.
    """

    ring: tuple[Point, ...]

    def __post_init__(self) -> None:
        if len(set(self.ring)) < 3:
            raise FormatError(f"a polygon of {len(set(self.ring))} corners, expected 3 or more")

    def contains(self, point: Point) -> bool:
        """Whether the point lies in it; who stands on the line stands on both sides of it."""
        is_inside = False
        for a, b in zip(self.ring, self.ring[1:] + self.ring[:1], strict=True):
            if _is_between(a, b, point):
                return True
            if (a.lat > point.lat) != (b.lat > point.lat):
                share = (point.lat - a.lat) / (b.lat - a.lat)
                is_inside ^= point.lon < a.lon + share * (b.lon - a.lon)
        return is_inside


def _is_between(a: Point, b: Point, point: Point) -> bool:
    """Whether the point lies on the line from ``a`` to ``b``."""
    if not (min(a.lat, b.lat) - _LINE_DEG <= point.lat <= max(a.lat, b.lat) + _LINE_DEG):
        return False
    if not (min(a.lon, b.lon) - _LINE_DEG <= point.lon <= max(a.lon, b.lon) + _LINE_DEG):
        return False
    length = math.hypot(b.lat - a.lat, b.lon - a.lon)
    cross = (b.lon - a.lon) * (point.lat - a.lat) - (b.lat - a.lat) * (point.lon - a.lon)
    return abs(cross) <= _LINE_DEG * length


def distance_m(a: Point, b: Point) -> float:
    """Great-circle distance in metres (haversine; within 0.5 % of the ellipsoid)."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    d_lat, d_lon = lat_b - lat_a, math.radians(b.lon - a.lon)
    h = math.sin(d_lat / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(d_lon / 2) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def bearing_deg(a: Point, b: Point) -> float:
    """Initial bearing from ``a`` to ``b`` in degrees clockwise from true north, 0 ≤ bearing < 360."""
    lat_a, lat_b = math.radians(a.lat), math.radians(b.lat)
    d_lon = math.radians(b.lon - a.lon)
    east = math.sin(d_lon) * math.cos(lat_b)
    north = math.cos(lat_a) * math.sin(lat_b) - math.sin(lat_a) * math.cos(lat_b) * math.cos(d_lon)
    return math.degrees(math.atan2(east, north)) % 360
