"""Picture checks: have cameras checked, say what was found, and what they should show."""

from functools import partial
from typing import Any

from aiohttp import web

from server.core.picture_checks import masks_key
from server.errors import CameraUnknown, RequestInvalid
from server.store import audit, camera_checks
from server.store.camera_checks import Reference
from server.web import bodies
from server.web.services import actor, services
from server.web.still import CAPTURED, PICTURE_HEADERS
from streams.config import CameraConfig

MAX_HISTORY = 100


async def index(request: web.Request) -> web.Response:
    """What was found of one camera, newest first."""
    camera = _camera(request)
    read = partial(camera_checks.history, camera=camera.id, limit=MAX_HISTORY)
    checks = await services(request).db.read(read)
    found = await _reference(request, camera)
    return bodies.answer(
        {"reference": None if found is None else to_wire(found), "checks": [check.to_wire() for check in checks]}
    )


async def check(request: web.Request) -> web.Response:
    """Check one camera now; it takes some seconds."""
    found = await services(request).picture_checks.check(_camera(request), actor(request))
    return bodies.answer({"check": found.to_wire()})


async def check_all(request: web.Request) -> web.Response:
    """Have all cameras checked, or those that are named, one after the other."""
    known = services(request).board.cameras
    wanted = list(known)
    if request.can_read_body:
        wanted = _named(await bodies.read_object(request), wanted)
    order = partial(camera_checks.order, cameras=wanted, actor=actor(request), now_ms=services(request).now_ms())
    await services(request).db.write(order)
    services(request).camera_watch.hurry()
    return bodies.answer({"ordered": len(wanted)}, status=202)


async def show_reference(request: web.Request) -> web.Response:
    """On record, like every look through the camera."""
    camera = _camera(request)
    found = await _reference(request, camera)
    if found is None:
        raise CameraUnknown("The camera has no reference picture yet. The first good check sets it.")
    write = partial(
        audit.append,
        actor=actor(request),
        action="camera.reference_shown",
        subject=f"camera:{camera.id}",
        now_ms=services(request).now_ms(),
    )
    await services(request).db.write(write)
    headers = {**PICTURE_HEADERS, CAPTURED: str(found.at_ms)}
    return web.Response(body=found.jpeg, content_type="image/jpeg", headers=headers)


async def set_reference(request: web.Request) -> web.Response:
    """What the camera shows now is what it should show."""
    camera = _camera(request)
    checks = services(request).picture_checks
    new = await checks.set_reference(camera, actor(request))
    found = await checks.check(camera, actor(request))
    return bodies.answer({"reference": to_wire(new), "check": found.to_wire()})


def to_wire(reference: Reference) -> dict[str, Any]:
    return {"at_ms": reference.at_ms, "set_by": reference.set_by or None}


def _named(body: Any, known: list[str]) -> list[str]:
    names = body.get("cameras", known)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise RequestInvalid("'cameras' must be a list of ids.", path="cameras")
    for number, name in enumerate(names):
        if name not in known:
            raise CameraUnknown(f"There is no camera '{name[:100]}'.", path=f"cameras[{number}]")
    return names


def _camera(request: web.Request) -> CameraConfig:
    camera = services(request).board.cameras.get(request.match_info["id"])
    if camera is None:
        raise CameraUnknown("There is no such camera.")
    return camera


async def _reference(request: web.Request, camera: CameraConfig) -> Reference | None:
    read = partial(camera_checks.reference, camera=camera.id, masks=masks_key(camera.masks))
    return await services(request).db.read(read)
