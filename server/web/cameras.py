"""Cameras: those that a person may watch now."""

from functools import partial
from typing import Any

from aiohttp import web

from server.core.camera_states import CameraState
from server.core.permits import Permits
from server.store import pushes
from server.web import bodies
from server.web.services import services, session
from streams.config import CameraConfig


async def index(request: web.Request) -> web.Response:
    board, now_ms = services(request).board, services(request).now_ms()
    person = session(request).person
    permits = Permits(person)
    if not person.is_staff:
        read = partial(pushes.live_for, person_id=person.id, now_ms=now_ms)
        permits.learn(await services(request).db.read(read))
    cameras = [
        _wire(camera, board.state_of(camera.id))
        for camera in board.cameras.values()
        if permits.may_watch(camera.id, now_ms)
    ]
    return bodies.answer({"cameras": cameras})


def _wire(camera: CameraConfig, state: CameraState) -> dict[str, Any]:
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
    }
