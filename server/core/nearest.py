"""Nearest: which cameras see a place that is known to within a radius, best first."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from heapq import heapify, heappop, heapreplace
from itertools import chain

from server.core.camera_states import CameraState
from streams.config import CameraConfig
from streams.geo import EARTH_RADIUS_M, Circle, Point, bearing_deg, distance_m

SIGHT_M = 500.0
"""Farther away a camera sees nothing of use, wherever it looks."""
DEFAULT_FOV_DEG = 60.0
"""Of a camera whose heading is known and whose field of view is not."""
WORKING = frozenset({"idle", "starting", "live"})
"""States of a camera that gives a picture when it is asked for one."""
MAX_CANDIDATES = 64
"""As many as fit on one socket of pictures."""

_EXACT_M = 10.0
"""No mast is known more exactly than that; it keeps a camera on the very spot from looking away from it."""
_BESIDE_M = 25.0
"""Added to each distance, so that a camera on the spot that looks away does not beat all others."""
_POOR = 2.0
"""A blurred picture, or half of one, is worth a clear one twice as far away."""
_LEAST_DOUBT, _AWAY_DOUBT = 1.0, 6.0
_ROUNDING_M = 1.0
"""More than two ways of reckoning the same distance differ by."""
_KNOWN_PLACES = 16_384


class Fault(StrEnum):
    """What the last check of a camera's picture found."""

    BLACK = "black"
    COVERED = "covered"
    OBSTRUCTED = "obstructed"
    """Something is in the way of a part of it."""
    FROZEN = "frozen"
    BLURRED = "blurred"
    MOVED = "moved"
    """It does not look where its configuration says."""
    SILENT = "silent"
    """It gave no picture."""


_NO_PICTURE = frozenset({Fault.BLACK, Fault.COVERED, Fault.FROZEN, Fault.SILENT})


class Sight(StrEnum):
    SEES = "sees"
    """The point lies in its field of view."""
    PART = "part"
    """The point does not, but some of the circle around it does."""
    PERHAPS = "perhaps"
    """Near enough; where it looks is not known."""
    AWAY = "away"
    """It looks elsewhere, or is more than ``SIGHT_M`` from all of the circle."""


class View(StrEnum):
    """What is the best that can be said of a place."""

    SEEN = "seen"
    PERHAPS = "perhaps"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Candidate:
    camera: CameraConfig
    state: CameraState
    distance_m: float
    """From the camera to the point."""
    sight: Sight
    share: float
    """How much of the circle is in its field of view, by angle, 0 to 1; of one whose heading is not known 0."""
    is_working: bool
    fault: Fault | None

    @property
    def cost_m(self) -> float:
        """The lower, the better: metres, made longer by doubt."""
        poor = _POOR if self.fault in {Fault.BLURRED, Fault.OBSTRUCTED} else 1.0
        return (_BESIDE_M + self.distance_m) * self._doubt * poor

    @property
    def _doubt(self) -> float:
        match self.sight:
            case Sight.SEES:
                return 1.5 - self.share / 2
            case Sight.PERHAPS:
                return 2.0
            case Sight.PART:
                return 3.0 - self.share
            case Sight.AWAY:
                return _AWAY_DOUBT


@dataclass(frozen=True, slots=True)
class Nearest:
    candidates: tuple[Candidate, ...]
    """Best first: those that work, then the others; each by what it is worth. No more than were asked for."""
    view: View
    """What all cameras together show."""
    unplaced: int
    """Cameras whose position is not known. They are not among the candidates."""

    @property
    def message(self) -> str:
        """For people; "" when the point is seen."""
        match self.view:
            case View.SEEN:
                return ""
            case View.PERHAPS:
                return "No working camera is known to see this point; some may show part of it."
            case View.NONE:
                return "No working view of this point."


def nearest(
    cameras: Iterable[CameraConfig],
    states: Mapping[str, CameraState],
    place: Circle,
    *,
    faults: Mapping[str, Fault] | None = None,
    count: int = MAX_CANDIDATES,
) -> Nearest:
    """Rank the cameras for a place.

    What a camera costs at least is quickly said for all of a city. They are looked at closer in that order, until
    ``count`` of them are known to cost less than the next one can.

    Args:
        states: of every camera that is given.
        place: the point and how far off it may be.
        faults: camera → what the last check of its picture has found; those that are not in it passed or had none.
        count: as many candidates are given at most.
    """
    known = faults or {}

    def look(camera: CameraConfig) -> Candidate:
        return _candidate(camera, states[camera.id], place, known.get(camera.id))

    here, reach_m = _on_the_globe(place.center.lat, place.center.lon), SIGHT_M + _radius_m(place)
    near: dict[str, CameraConfig] = {}
    working: list[_Turn] = []
    broken: list[_Turn] = []
    unplaced = 0
    for camera in cameras:
        if camera.lat is None or camera.lon is None:
            unplaced += 1
            continue
        # Straight through the globe it is a little less than along it.
        least_m = math.dist(here, _on_the_globe(camera.lat, camera.lon)) * EARTH_RADIUS_M - _ROUNDING_M
        doubt = _AWAY_DOUBT
        if least_m <= reach_m:
            near[camera.id] = camera
            doubt = _LEAST_DOUBT
        turns = working if _is_working(states[camera.id], known.get(camera.id)) else broken
        turns.append(((_BESIDE_M + least_m) * doubt, camera.number, camera, None))
    candidates = _first(working, count, look)
    candidates += _first(broken, count - len(candidates), look)
    for candidate in candidates:
        near.pop(candidate.camera.id, None)
    return Nearest(tuple(candidates), _view(chain(candidates, map(look, near.values()))), unplaced)


_Turn = tuple[float, int, CameraConfig, Candidate | None]
"""Cost; number, as cameras on one mast keep that order; and until the camera was looked at the cost is only the least
that it can be."""


def _first(turns: list[_Turn], count: int, look: Callable[[CameraConfig], Candidate]) -> list[Candidate]:
    heapify(turns)
    found: list[Candidate] = []
    while turns and len(found) < count:
        _, number, camera, candidate = turns[0]
        if candidate is None:
            candidate = look(camera)
            heapreplace(turns, (candidate.cost_m, number, camera, candidate))
        else:
            heappop(turns)
            found.append(candidate)
    return found


@lru_cache(_KNOWN_PLACES)
def _on_the_globe(lat: float, lon: float) -> tuple[float, float, float]:
    """A place on a globe with the radius 1."""
    lat_rad, lon_rad = math.radians(lat), math.radians(lon)
    return math.cos(lat_rad) * math.cos(lon_rad), math.cos(lat_rad) * math.sin(lon_rad), math.sin(lat_rad)


def _radius_m(place: Circle) -> float:
    return max(place.radius_m, _EXACT_M)


def _is_working(state: CameraState, fault: Fault | None) -> bool:
    return state.state in WORKING and fault not in _NO_PICTURE


def _candidate(camera: CameraConfig, state: CameraState, place: Circle, fault: Fault | None) -> Candidate:
    assert camera.lat is not None, "only those that have a place are candidates"
    assert camera.lon is not None, "the same"
    at = Point(camera.lat, camera.lon)
    away_m = distance_m(at, place.center)
    sight, share = _sight(camera, at, place, away_m, is_moved=fault is Fault.MOVED)
    return Candidate(camera, state, away_m, sight, share, _is_working(state, fault), fault)


def _sight(camera: CameraConfig, at: Point, place: Circle, away_m: float, *, is_moved: bool) -> tuple[Sight, float]:
    radius_m = _radius_m(place)
    if away_m - radius_m > SIGHT_M:
        return Sight.AWAY, 0.0
    in_reach = Sight.SEES if away_m <= SIGHT_M else Sight.PART
    half_deg = (camera.fov_deg or DEFAULT_FOV_DEG) / 2
    if half_deg >= 180:
        return in_reach, 1.0
    if camera.heading_deg is None or is_moved:
        return Sight.PERHAPS, 0.0
    off_deg = _off_deg(bearing_deg(at, place.center), camera.heading_deg)
    spread_deg = 180.0 if away_m <= radius_m else math.degrees(math.asin(radius_m / away_m))
    share = _overlap_deg(off_deg, spread_deg, half_deg) / (2 * spread_deg)
    if share <= 0:
        return Sight.AWAY, 0.0
    return in_reach if off_deg <= half_deg else Sight.PART, share


def _off_deg(a: float, b: float) -> float:
    """The angle between two bearings, 0 to 180."""
    return abs((a - b + 180) % 360 - 180)


def _overlap_deg(off_deg: float, spread_deg: float, half_deg: float) -> float:
    """How much of the arc ``off ± spread`` lies in ``±half``; arcs go round the circle."""
    return sum(
        max(0.0, min(off_deg + spread_deg + turn, half_deg) - max(off_deg - spread_deg + turn, -half_deg))
        for turn in (-360, 0, 360)
    )


def _view(candidates: Iterable[Candidate]) -> View:
    view = View.NONE
    for one in candidates:
        if one.is_working and one.sight is Sight.SEES:
            return View.SEEN
        if one.is_working and one.sight is not Sight.AWAY:
            view = View.PERHAPS
    return view
