"""Pages: the built web clients. They hold nothing secret; what is secret comes from /api and the sockets."""

import asyncio
from pathlib import Path

from aiohttp import web

from server.core.people import Role
from server.errors import AuthRequired, LogUnavailable
from server.web.gate import Credentials
from server.web.headers import PAGE_HEADERS
from server.web.services import services

DIST = Path(__file__).resolve().parents[2] / "clients" / "web" / "dist"
SIGN_IN = "/sign-in"
PAGE_OF = {Role.OPERATOR: "/console", Role.ADMIN: "/console", Role.DISPATCHER: "/dispatch", Role.OFFICER: "/tablet"}
PAGES = (SIGN_IN, "/console", "/tablet", "/dispatch", "/cameras")

_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_EACH_TIME = "no-cache"
_NOT_BUILT = """<!doctype html>
<meta charset="utf-8">
<title>Sightline</title>
<h1>The web clients are not built</h1>
<p>The server runs, but the pages it shows are not there yet. Build them with</p>
<pre>python clients/web/build.py</pre>
<p>and load this page again.</p>
"""


class Pages:
    """Serves the files of one folder by name; nothing else can be reached through it."""

    def __init__(self, folder: Path = DIST) -> None:
        self._folder = folder

    async def home(self, request: web.Request) -> web.StreamResponse:
        """To the person's own page, or to the sign-in."""
        page = SIGN_IN
        credentials = Credentials.of(request)
        if credentials is not None:
            try:
                page = PAGE_OF[(await services(request).sessions.find(credentials.token)).person.role]
            except (AuthRequired, LogUnavailable):
                page = SIGN_IN
        return web.Response(status=303, headers={**PAGE_HEADERS, "Location": page, "Cache-Control": "no-store"})

    async def page(self, request: web.Request) -> web.StreamResponse:
        """``/console`` is ``console/index.html``."""
        return await self._file(f"{request.path.strip('/')}/index.html", _ASK_EACH_TIME) or self._not_built()

    async def without_slash(self, request: web.Request) -> web.StreamResponse:
        """``/console/`` is what people type for ``/console``; what stands behind a ``?`` goes with them."""
        location = str(request.rel_url.with_path(request.path.rstrip("/"), keep_query=True))
        return web.Response(status=308, headers={**PAGE_HEADERS, "Location": location, "Cache-Control": "no-store"})

    async def worker(self, _request: web.Request) -> web.StreamResponse:
        """The service worker; browsers must always get the newest."""
        return await self._file("sw.js", _ASK_EACH_TIME) or self._not_built()

    async def asset(self, request: web.Request) -> web.StreamResponse:
        """A file with a hash of its content in its name."""
        response = await self._file(f"assets/{request.match_info['name']}", _FOR_EVER)
        if response is None:
            raise web.HTTPNotFound
        return response

    async def _file(self, name: str, cache: str) -> web.FileResponse | None:
        """
        Args:
            name: made of words that a route allows; none of them leads out of the folder.
        """
        path = self._folder / name
        if not await asyncio.to_thread(path.is_file):
            return None
        return web.FileResponse(path, headers={**PAGE_HEADERS, "Cache-Control": cache})

    def _not_built(self) -> web.Response:
        headers = {**PAGE_HEADERS, "Cache-Control": "no-store"}
        return web.Response(status=503, text=_NOT_BUILT, content_type="text/html", headers=headers)
