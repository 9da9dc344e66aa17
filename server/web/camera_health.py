"""Camera health: how every camera is, in figures, for the staff."""

from typing import Any

from aiohttp import web

from server.core.camera_figures import CameraFigures
from server.web import bodies
from server.web.services import services

NOTHING_HEARD = dict.fromkeys(CameraFigures().to_wire(0))


async def index(request: web.Request) -> web.Response:
    board, now_ms = services(request).board, services(request).now_ms()
    cameras: list[dict[str, Any]] = []
    for camera in board.cameras.values():
        figures = board.figures_of(camera.id)
        cameras.append(
            {
                "id": camera.id,
                "number": camera.number,
                "state": board.state_of(camera.id).to_wire(),
                **(NOTHING_HEARD if figures is None else figures.to_wire(now_ms)),
            }
        )
    return bodies.answer({"cameras": cameras})
