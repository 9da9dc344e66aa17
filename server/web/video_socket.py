"""/ws/video: pictures (docs/wire.md §8)."""

from aiohttp import web

from server.core.client_messages import parse_video
from server.web.services import services
from server.web.sockets import converse


async def video(request: web.Request) -> web.StreamResponse:
    return await converse(request, services(request).video, parse_video)
