"""Heartbeat: a source says that it is there (docs/wire.md §7)."""

from aiohttp import web

from server.web import bodies
from server.web.headers import API_HEADERS
from server.web.services import services
from server.web.signature import source_of


async def create(request: web.Request) -> web.Response:
    raw = await bodies.read_bytes(request)
    source = source_of(services(request).sources, request.headers, raw, now_s=services(request).now_ms() / 1000)
    services(request).source_watch.heard(source.name)
    return web.Response(status=204, headers=API_HEADERS)
