"""Still: one picture of a camera, on record as a look."""

from functools import partial

from aiohttp import web

from server.core.permits import Permits
from server.errors import CameraForbidden, CameraUnknown
from server.store import audit, pushes
from server.web.headers import API_HEADERS
from server.web.services import actor, services, session
from streams.config import CameraConfig

CAPTURED = "Sightline-Captured-Ms"
"""When the picture was captured, on the clock of its reader."""
PICTURE_HEADERS = {
    **API_HEADERS,
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Content-Disposition": "inline",
}
MAX_PURPOSE = 200


async def show(request: web.Request) -> web.Response:
    camera = await watchable(request)
    answer, captured_ms = await services(request).stills.take(camera)
    await _record(request, camera)
    headers = {**PICTURE_HEADERS, CAPTURED: f"{captured_ms:.0f}"}
    return web.Response(body=answer.picture, content_type="image/jpeg", headers=headers)


async def watchable(request: web.Request) -> CameraConfig:
    """The camera of the address.

    Raises:
        CameraUnknown: there is none; only the staff are told so.
        CameraForbidden: the person may not watch it now. That is on record.
    """
    camera_id, person = request.match_info["id"], session(request).person
    camera = services(request).board.cameras.get(camera_id)
    now_ms = services(request).now_ms()
    permits = Permits(person)
    if not person.is_staff:
        read = partial(pushes.live_for, person_id=person.id, now_ms=now_ms)
        permits.learn(await services(request).db.read(read))
    if camera is not None and permits.may_watch(camera.id, now_ms):
        return camera
    services(request).looks.refuse(actor(request), camera_id[:MAX_PURPOSE], _purpose(request))
    # For an officer it is the same answer whether the camera exists: which there are is not his to know.
    raise (CameraUnknown if person.is_staff else CameraForbidden)(permits.why_not(camera_id, now_ms))


async def _record(request: web.Request, camera: CameraConfig) -> None:
    """Before the picture leaves."""
    details = {"purpose": _purpose(request)}
    now_ms = services(request).now_ms()
    write = partial(
        audit.append,
        actor=actor(request),
        action="camera.still_taken",
        subject=f"camera:{camera.id}",
        details=details,
        now_ms=now_ms,
    )
    await services(request).db.write(write)


def _purpose(request: web.Request) -> str:
    return request.query.get("purpose", "")[:MAX_PURPOSE]
