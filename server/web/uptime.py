"""Uptime: how much of a time the cameras gave pictures, for the staff and for reports."""

from functools import partial

from aiohttp import hdrs, web

from server.core import uptime, uptime_table
from server.core.camera_changes import KEPT_MS
from server.errors import RequestInvalid
from server.store import camera_changes
from server.web import bodies
from server.web.headers import API_HEADERS
from server.web.services import services

DEFAULT_MS = 30 * 24 * 3600 * 1000


async def show(request: web.Request) -> web.Response:
    """
    Raises:
        RequestInvalid: no such time.
    """
    now_ms = services(request).now_ms()
    to_ms = min(_time(request, "to_ms", now_ms), now_ms)
    from_ms = _time(request, "from_ms", max(0, to_ms - DEFAULT_MS))
    if not now_ms - KEPT_MS <= from_ms < to_ms:
        days = KEPT_MS // (24 * 3600 * 1000)
        raise RequestInvalid(f"'from_ms' must be before 'to_ms', and of the last {days} days.", path="from_ms")
    spent = await services(request).db.read(partial(camera_changes.spent, from_ms=from_ms, to_ms=to_ms))
    report = uptime.report(services(request).board.cameras.values(), spent, from_ms=from_ms, to_ms=to_ms)
    # A link in a page can say what it wants only in its address.
    if request.query.get("format") == "csv" or uptime_table.CONTENT_TYPE in request.headers.get(hdrs.ACCEPT, ""):
        headers = {**API_HEADERS, hdrs.CONTENT_DISPOSITION: 'attachment; filename="uptime.csv"'}
        text = uptime_table.table(report)
        return web.Response(text=text, content_type=uptime_table.CONTENT_TYPE, charset="utf-8", headers=headers)
    return bodies.answer(report)


def _time(request: web.Request, key: str, default_ms: int) -> int:
    given = request.query.get(key)
    if given is None:
        return default_ms
    if not (given.isascii() and given.isdigit() and len(given) <= 15):
        raise RequestInvalid(f"'{key}' must be milliseconds since 1970, such as {default_ms}.", path=key)
    return int(given)
