"""City: streets and districts for the map."""

from aiohttp import web

from server.web.headers import API_HEADERS
from server.web.services import services


async def show(request: web.Request) -> web.Response:
    # It changes with the configuration only, so a browser may keep it for a while.
    headers = {**API_HEADERS, "Cache-Control": "private, max-age=300"}
    return web.Response(body=services(request).city, content_type="application/geo+json", headers=headers)
