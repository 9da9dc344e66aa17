"""Still: one picture of a camera, on record as a look."""

from functools import partial

from aiohttp import web

from server.core.permits import Permits
from server.errors import CameraForbidden, CameraUnknown, RequestInvalid
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
MAX_PURPOSE_CHARACTERS = 200
MAX_ID_CHARACTERS = 100
"""Of what is put on record when there is no such camera."""


async def show(request: web.Request) -> web.Response:
    """
    Raises:
        RequestInvalid: too long a purpose.
        CameraUnknown, CameraForbidden: not this camera.
        StillUnavailable: it gives no picture now.
    """
    if len(_purpose(request)) > MAX_PURPOSE_CHARACTERS:
        raise RequestInvalid(f"'purpose' has more than {MAX_PURPOSE_CHARACTERS} characters.", path="purpose")
    camera = await _watchable(request)
    answer, captured_ms = await services(request).stills.take(camera)
    await _record(request, camera)
    headers = {**PICTURE_HEADERS, CAPTURED: f"{captured_ms:.0f}"}
    return web.Response(body=answer.picture, content_type="image/jpeg", headers=headers)


async def _watchable(request: web.Request) -> CameraConfig:
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
    services(request).looks.refuse(actor(request), camera_id[:MAX_ID_CHARACTERS], _purpose(request))
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
    return request.query.get("purpose", "still")
