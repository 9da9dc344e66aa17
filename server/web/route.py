"""Route: one line of the table in routes.py."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from server.core.access import Permission

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    method: str
    path: str
    permission: Permission | None
    """What a person needs. None is a mistake that stops the start."""
    handler: Handler
    is_socket: bool = False
    """Opens a WebSocket: with the cookie it needs our own Origin although it is a GET."""
    is_for_browsers: bool = False
    """Changes something for ``ANYBODY`` who asks: pages of other origins must not."""
