"""A generated city for the demo: streets, districts, camera posts, and places where things happen.

Everything follows from the seed; the same seed gives the same city on every machine.
"""

import math
from dataclasses import dataclass
from random import Random
from typing import Any

from streams.geo import EARTH_RADIUS_M, Point, bearing_deg

CENTER = Point(41.76, -72.67)

_STREETS = ("Grove", "Elm", "Chestnut", "Pearl", "Main", "Park", "Maple", "Mill", "Oak")
"""East-west, from north to south."""
_AVENUES = ("1st", "2nd", "3rd", "4th", "5th", "6th", "7th", "8th", "9th", "10th", "11th", "12th")
"""North-south, from west to east."""
_ARTERIALS = {"Main", "Chestnut", "Mill", "4th", "8th"}
_BLOCK_EAST_M, _BLOCK_SOUTH_M = 330.0, 300.0
_TILT_DEG = -8.0
_JITTER_M = 34.0

_ROW_CUTS = (0, 3, 6, len(_STREETS) - 1)
_COLUMN_CUTS = (0, 2, 7, len(_AVENUES) - 1)
_DISTRICTS = (
    ("Northwood", "North End", "Mill Quarter"),
    ("West Side", "Downtown", "Riverfront"),
    ("Southwest Park", "Old Market", "Harbor Point"),
)

_POSTS = (
    ("Elm", "2nd", "east", 62),
    ("Elm", "5th", "south", 70),
    ("Chestnut", "10th", "west", 58),
    ("Main", "4th", "east", 60),
    ("Main", "6th", "west", 75),
    ("Park", "7th", "north", 64),
    ("Main", "9th", "east", 56),
    ("Park", "2nd", "north", 68),
    ("Mill", "4th", "south", 72),
    ("Mill", "6th", "east", 60),
    ("Mill", "10th", "west", 66),
    ("Maple", "11th", "north", 58),
)
"""Street, avenue, which way it looks, field of view; numbered from 1 in this order."""


@dataclass(frozen=True, slots=True)
class Street:
    name: str
    road_class: str
    """``arterial``, ``local`` or ``highway``."""
    line: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class District:
    name: str
    ring: tuple[Point, ...]
    """Closed: the first point is also the last."""


@dataclass(frozen=True, slots=True)
class CameraPost:
    """Where a camera hangs and which way it looks."""

    number: int
    id: str
    name: str
    point: Point
    heading_deg: float
    fov_deg: float
    district: str


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere in the city, as a sensor would report it."""

    point: Point
    address: str
    district: str


@dataclass(frozen=True, slots=True)
class City:
    seed: int
    streets: tuple[Street, ...]
    districts: tuple[District, ...]
    posts: tuple[CameraPost, ...]
    crossings: tuple[tuple[Point, ...], ...]
    """Crossing of street ``row`` and avenue ``column``."""

    def geojson(self) -> dict[str, Any]:
        """Streets and districts as a FeatureCollection (RFC 7946), properties ``kind``, ``name``, ``class``."""
        features = [
            _feature("district", d.name, "district", {"type": "Polygon", "coordinates": [_positions(d.ring)]})
            for d in self.districts
        ]
        features += [
            _feature("street", s.name, s.road_class, {"type": "LineString", "coordinates": _positions(s.line)})
            for s in self.streets
        ]
        return {"type": "FeatureCollection", "features": features}

    def place(self, random: Random) -> Place:
        """Somewhere in a block of the city, with the address of the street front that is nearest."""
        row, column = random.randrange(len(_STREETS) - 1), random.randrange(len(_AVENUES) - 1)
        east, south = random.uniform(0.08, 0.92), random.uniform(0.08, 0.92)
        here = self.crossings
        north_side = _between(here[row][column], here[row][column + 1], east)
        south_side = _between(here[row + 1][column], here[row + 1][column + 1], east)
        number = 100 * (column + 1) + 2 * round(46 * east)
        street = _STREETS[row] if south < 0.5 else _STREETS[row + 1]
        return Place(
            point=_between(north_side, south_side, south),
            address=f"{number if south < 0.5 else number + 1} {street} St",
            district=_district_of(row, column),
        )


def generate(seed: int, center: Point = CENTER) -> City:
    """A city of about 3.6 by 2.4 km with 12 camera posts. Names, ids and numbers do not depend on the seed."""
    random = Random(seed)  # noqa: S311 - a repeatable city, no secret
    crossings = tuple(
        tuple(_crossing(center, row, column, random) for column in range(len(_AVENUES))) for row in range(len(_STREETS))
    )
    streets = [Street(f"{name} St", _class_of(name), crossings[row]) for row, name in enumerate(_STREETS)]
    streets += [
        Street(f"{name} Ave", _class_of(name), tuple(line[column] for line in crossings))
        for column, name in enumerate(_AVENUES)
    ]
    streets.append(Street("River Expressway", "highway", _expressway(center, random)))
    return City(
        seed=seed,
        streets=tuple(streets),
        districts=tuple(_districts(crossings)),
        posts=tuple(_post(number, crossings) for number in range(1, len(_POSTS) + 1)),
        crossings=crossings,
    )


def _post(number: int, crossings: tuple[tuple[Point, ...], ...]) -> CameraPost:
    street, avenue, looks, fov_deg = _POSTS[number - 1]
    row, column = _STREETS.index(street), _AVENUES.index(avenue)
    down, right = {"north": (-1, 0), "south": (1, 0), "west": (0, -1), "east": (0, 1)}[looks]
    here, there = crossings[row][column], crossings[row + down][column + right]
    return CameraPost(
        number=number,
        id=f"{street.lower()}-{avenue}",
        name=f"{street} St / {avenue} Ave",
        point=here,
        heading_deg=round(bearing_deg(here, there), 1),
        fov_deg=float(fov_deg),
        district=_district_of(row, column),
    )


def _districts(crossings: tuple[tuple[Point, ...], ...]) -> list[District]:
    found = []
    for down, names in enumerate(_DISTRICTS):
        top, bottom = _ROW_CUTS[down], _ROW_CUTS[down + 1]
        for right, name in enumerate(names):
            left, end = _COLUMN_CUTS[right], _COLUMN_CUTS[right + 1]
            # Counter-clockwise, as RFC 7946 §3.1.6 asks of an outer ring; it follows the streets, so districts tile.
            ring = [crossings[row][left] for row in range(top, bottom)]
            ring += [crossings[bottom][column] for column in range(left, end)]
            ring += [crossings[row][end] for row in range(bottom, top, -1)]
            ring += [crossings[top][column] for column in range(end, left, -1)]
            found.append(District(name, (*ring, ring[0])))
    return found


def _district_of(row: int, column: int) -> str:
    down = max(i for i, cut in enumerate(_ROW_CUTS[:-1]) if row >= cut)
    right = max(i for i, cut in enumerate(_COLUMN_CUTS[:-1]) if column >= cut)
    return _DISTRICTS[down][right]


def _class_of(name: str) -> str:
    return "arterial" if name in _ARTERIALS else "local"


def _crossing(center: Point, row: int, column: int, random: Random) -> Point:
    east = (column - (len(_AVENUES) - 1) / 2) * _BLOCK_EAST_M + random.uniform(-_JITTER_M, _JITTER_M)
    south = (row - (len(_STREETS) - 1) / 2) * _BLOCK_SOUTH_M + random.uniform(-_JITTER_M, _JITTER_M)
    return _offset(center, east, -south)


def _expressway(center: Point, random: Random) -> tuple[Point, ...]:
    """A road along the river, east of the last avenue."""
    phase = random.uniform(0, math.tau)
    half = len(_STREETS) / 2 * _BLOCK_SOUTH_M
    east = (len(_AVENUES) / 2) * _BLOCK_EAST_M + 60
    return tuple(
        _offset(center, east + 70 * math.sin(phase + step / 3), half - step * 2 * half / 18) for step in range(19)
    )


def _offset(origin: Point, east_m: float, north_m: float) -> Point:
    """A point so many metres away on the tilted grid (flat earth: good for a city)."""
    tilt = math.radians(_TILT_DEG)
    east, north = (
        east_m * math.cos(tilt) - north_m * math.sin(tilt),
        east_m * math.sin(tilt) + north_m * math.cos(tilt),
    )
    lat = origin.lat + math.degrees(north / EARTH_RADIUS_M)
    lon = origin.lon + math.degrees(east / (EARTH_RADIUS_M * math.cos(math.radians(origin.lat))))
    return Point(round(lat, 6), round(lon, 6))


def _between(a: Point, b: Point, share: float) -> Point:
    return Point(round(a.lat + (b.lat - a.lat) * share, 6), round(a.lon + (b.lon - a.lon) * share, 6))


def _positions(points: tuple[Point, ...]) -> list[list[float]]:
    return [[point.lon, point.lat] for point in points]


def _feature(kind: str, name: str, road_class: str, geometry: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"kind": kind, "name": name, "class": road_class},
        "geometry": geometry,
    }
