"""/ws/events: alerts, pushes and receipts (docs/wire.md §5)."""

from aiohttp import web

from server.core.client_messages import parse_events
from server.web.services import services
from server.web.sockets import converse


async def events(request: web.Request) -> web.StreamResponse:
    return await converse(request, services(request).alerts, parse_events)
