"""Cameras: those that a person may watch now, and which of them see a place."""

import math
from functools import partial
from typing import Any

from aiohttp import web

from server.core.camera_states import CameraState
from server.core.nearest import MAX_CANDIDATES, Candidate, Fault, nearest
from server.core.permits import Permits
from server.errors import RequestInvalid
from server.store import pushes
from server.web import bodies
from server.web.services import services, session
from streams.config import CameraConfig
from streams.geo import Circle, Point

MAX_RADIUS_M = 5_000.0
"""A place that is less certain than that has no nearest cameras."""
DEFAULT_RADIUS_M = 25.0


async def index(request: web.Request) -> web.Response:
    board = services(request).board
    faults = services(request).picture_checks.faults()
    cameras = [_wire(camera, board.state_of(camera.id), faults.get(camera.id)) for camera in await _watchable(request)]
    return bodies.answer({"cameras": cameras})


async def near(request: web.Request) -> web.Response:
    place = Circle(
        Point(_number(request, "lat", -90, 90), _number(request, "lon", -180, 180)),
        _number(request, "radius_m", 0, MAX_RADIUS_M, DEFAULT_RADIUS_M),
    )
    count = int(_number(request, "count", 1, MAX_CANDIDATES, MAX_CANDIDATES))
    states, faults = services(request).board.states(), services(request).picture_checks.faults()
    found = nearest(await _watchable(request), states, place, faults=faults, count=count)
    return bodies.answer(
        {
            "view": found.view,
            "message": found.message,
            "cameras": [_candidate(candidate) for candidate in found.candidates],
            "unplaced": found.unplaced,
        }
    )


async def _watchable(request: web.Request) -> list[CameraConfig]:
    """The cameras that the person may watch now."""
    now_ms = services(request).now_ms()
    person = session(request).person
    permits = Permits(person)
    if not person.is_staff:
        read = partial(pushes.live_for, person_id=person.id, now_ms=now_ms)
        permits.learn(await services(request).db.read(read))
    cameras = services(request).board.cameras.values()
    return [camera for camera in cameras if permits.may_watch(camera.id, now_ms)]


def _number(request: web.Request, key: str, low: float, high: float, default: float | None = None) -> float:
    """A number of the address.

    Raises:
        RequestInvalid: it is missing and has no default, or is none from ``low`` to ``high``.
    """
    given = request.query.get(key)
    if given is None and default is not None:
        return default
    try:
        value = float(given or "")
    except ValueError:
        value = math.nan
    if not (low <= value <= high):
        raise RequestInvalid(f"'{key}' must be a number from {low:g} to {high:g}.", path=key)
    return value


def _candidate(candidate: Candidate) -> dict[str, Any]:
    return {
        "camera": _wire(candidate.camera, candidate.state, candidate.fault),
        "distance_m": round(candidate.distance_m),
        "sight": candidate.sight,
        "share": round(candidate.share, 2),
        "working": candidate.is_working,
    }


def _wire(camera: CameraConfig, state: CameraState, fault: Fault | None) -> dict[str, Any]:
    return {
        "id": camera.id,
        "number": camera.number,
        "name": camera.name,
        "district": camera.district,
        "lat": camera.lat,
        "lon": camera.lon,
        "heading_deg": camera.heading_deg,
        "fov_deg": camera.fov_deg,
        "state": state.to_wire(),
        "fault": fault,
    }
