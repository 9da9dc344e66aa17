"""Places: a point and a circle on the WGS 84 ellipsoid, in decimal degrees and metres."""

import math
from dataclasses import dataclass

from streams.errors import FormatError

EARTH_RADIUS_M = 6_371_008.8


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
