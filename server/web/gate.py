"""Gate: nobody gets to a handler but through here. Who is it, where from, may he; and errors become answers."""

from dataclasses import dataclass

from aiohttp import hdrs, web

from server.core.access import Permission, allows
from server.core.people import Actor
from server.errors import AuthForbidden, AuthRequired, ServerError
from server.store.sessions import Session
from server.web import errors
from server.web.address import client_address
from server.web.headers import HTTPS_ONLY
from server.web.origins import require_own
from server.web.route import Handler, Route
from server.web.services import ACTOR, SERVICES, SESSION

COOKIE = "sightline"
SAFE_METHODS = frozenset({hdrs.METH_GET, hdrs.METH_HEAD})


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a request shows: a token, and whether a browser put it there by itself."""

    token: str
    is_cookie: bool

    @classmethod
    def of(cls, request: web.Request) -> "Credentials | None":
        scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        if token and scheme.lower() == "bearer":
            return cls(token.strip(), is_cookie=False)
        cookie = request.cookies.get(COOKIE)
        return cls(cookie, is_cookie=True) if cookie else None


class Gate:
    """The one middleware. A route that is not in the table does not exist."""

    def __init__(self, origins: frozenset[str], *, https: bool) -> None:
        self.routes: dict[web.AbstractRoute, Route] = {}
        self._origins = origins
        self._https = https

    async def __call__(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            response = await self._pass(request, handler)
        except ServerError as error:
            response = errors.answer(error)
        except web.HTTPException as error:
            if error.status < 400:
                raise
            response = errors.http_answer(error)
        except Exception as error:  # the boundary of this process towards its clients
            response = errors.unexpected_answer(error, request)
        if self._https and not response.prepared:
            response.headers.update(HTTPS_ONLY)
        return response

    async def _pass(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.match_info.http_exception is not None:
            raise request.match_info.http_exception
        route = self.routes.get(request.match_info.route)
        if route is None or route.permission is None:
            raise web.HTTPNotFound
        credentials = Credentials.of(request)
        if route.permission is Permission.ANYBODY:
            if request.method not in SAFE_METHODS and route.is_for_browsers:
                # Signing somebody else's browser in is an attack too.
                require_own(request, self._origins, may_be_missing=True)
            return await handler(request)
        if credentials is None:
            raise AuthRequired("Sign in first: with a cookie or a bearer token.")
        services = request.app[SERVICES]
        session = await services.sessions.find(credentials.token)
        if credentials.is_cookie and (request.method not in SAFE_METHODS or route.is_socket):
            require_own(request, self._origins)
        if not allows(session.person.role, route.permission):
            raise AuthForbidden(f"This is not for the role '{session.person.role}'.")
        request[SESSION] = session
        request[ACTOR] = _actor(request, session)
        return await handler(request)


def _actor(request: web.Request, session: Session) -> Actor:
    return session.actor(client_address(request, behind_proxy=request.app[SERVICES].web.behind_proxy))
