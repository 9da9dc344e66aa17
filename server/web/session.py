"""Signing in and out (docs/wire.md §1)."""

from aiohttp import web

from server.core.people import SignIn
from server.store.sessions import Session
from server.web import bodies
from server.web.address import client_address
from server.web.gate import COOKIE
from server.web.headers import API_HEADERS
from server.web.services import services, session


async def sign_in(request: web.Request) -> web.Response:
    config = services(request).web
    wanted = SignIn.parse(await bodies.read_object(request))
    address = client_address(request, behind_proxy=config.behind_proxy)
    signed_in = await services(request).sessions.sign_in(wanted, address=address)
    response = bodies.answer({"token": signed_in.token, **_wire(signed_in.session)}, status=201)
    is_https = config.public_origin.startswith("https://") or config.tls_certificate is not None
    # Without an age: the browser forgets it when it closes. The session itself ends on the server.
    response.set_cookie(COOKIE, signed_in.token, path="/", httponly=True, samesite="Strict", secure=is_https)
    return response


async def show(request: web.Request) -> web.Response:
    return bodies.answer(_wire(session(request)))


async def sign_out(request: web.Request) -> web.Response:
    config = services(request).web
    await services(request).sessions.end(
        session(request), address=client_address(request, behind_proxy=config.behind_proxy)
    )
    services(request).admission.ended(session(request).id)
    response = web.Response(status=204, headers=API_HEADERS)
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Strict")
    return response


def _wire(of: Session) -> dict[str, object]:
    return {"person": of.person.to_wire(device=of.device), "expires_ms": of.ends_ms}
