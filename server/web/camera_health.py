"""Camera health: how every camera is, in figures, and what the last check of its picture found, for the staff."""

from collections.abc import Mapping
from typing import Any

from aiohttp import web
from sqlalchemy import Connection

from server.core.camera_figures import CameraFigures
from server.core.picture_checks import masks_key
from server.errors import LogUnavailable
from server.store import camera_checks
from server.web import bodies
from server.web.services import Services, services

NOTHING_HEARD = dict.fromkeys(CameraFigures().to_wire(0))

References = Mapping[str, tuple[str, int, str]]


async def index(request: web.Request) -> web.Response:
    board, checks, now_ms = services(request).board, services(request).picture_checks, services(request).now_ms()
    references, ordered = await _kept(services(request))
    cameras: list[dict[str, Any]] = []
    for camera in board.cameras.values():
        figures, check = board.figures_of(camera.id), checks.last(camera.id)
        masks, at_ms, set_by = references.get(camera.id, ("", 0, ""))
        has_reference = camera.id in references and masks == masks_key(camera.masks)
        cameras.append(
            {
                "id": camera.id,
                "number": camera.number,
                "name": camera.name,
                "district": camera.district,
                "state": board.state_of(camera.id).to_wire(),
                **(NOTHING_HEARD if figures is None else figures.to_wire(now_ms)),
                "masked": bool(camera.masks),
                "check": None if check is None else check.to_wire(),
                "check_ordered_ms": ordered.get(camera.id),
                "reference": {"at_ms": at_ms, "set_by": set_by or None} if has_reference else None,
            }
        )
    return bodies.answer({"cameras": cameras})


async def _kept(of: Services) -> tuple[References, Mapping[str, int]]:
    """Reference pictures, and since when cameras wait to be checked."""

    def read(conn: Connection) -> tuple[References, Mapping[str, int]]:
        orders = {order.camera: order.at_ms for order in camera_checks.orders(conn)}
        return camera_checks.reference_times(conn), orders

    try:
        return await of.db.read(read)
    except LogUnavailable:
        # How the cameras are is known all the same.
        return {}, {}
