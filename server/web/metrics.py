"""Metrics: for a monitoring system, which shows a token of its own instead of a session."""

import asyncio
import hmac

from aiohttp import hdrs, web

from server.core import metrics
from server.errors import AuthRequired
from server.web.headers import API_HEADERS
from server.web.services import services


async def show(request: web.Request) -> web.Response:
    """
    Raises:
        HTTPNotFound: no token is configured.
        AuthRequired: it shows none, or another one.
    """
    token = services(request).web.metrics_token
    if not token:
        raise web.HTTPNotFound
    scheme, _, shown = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(shown.strip().encode(errors="replace"), token.encode()):
        raise AuthRequired("Show the configured metrics_token as a bearer token.")
    board = services(request).board
    heard = {camera: figures for camera in board.cameras if (figures := board.figures_of(camera)) is not None}
    checks, now_ms = services(request).picture_checks.all(), services(request).now_ms()
    text = metrics.exposition(board.states(), heard, checks, tasks=len(asyncio.all_tasks()), now_ms=now_ms)
    return web.Response(
        body=text.encode(),
        headers={**API_HEADERS, hdrs.CONTENT_TYPE: f"{metrics.CONTENT_TYPE}; version={metrics.VERSION}; charset=utf-8"},
    )
