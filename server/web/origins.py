"""Origins: the pages that may use the cookie are our own."""

from collections.abc import Iterable

from aiohttp import web

from server.config import WebConfig, is_loopback
from server.errors import OriginForeign

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")


def own_origins(config: WebConfig, port: int) -> frozenset[str]:
    """The exact origins that our pages have.

    Args:
        port: the one we listen on (the configured one may be 0).
    """
    if config.public_origin:
        return frozenset({config.public_origin})
    scheme, usual = ("https", 443) if config.tls_certificate else ("http", 80)
    host = f"[{config.host}]" if ":" in config.host else config.host
    hosts: Iterable[str] = {host, *LOOPBACK_NAMES} if is_loopback(config.host) else {host}
    ends = ("", f":{port}") if port == usual else (f":{port}",)
    return frozenset(f"{scheme}://{name}{end}" for name in hosts for end in ends)


def require_own(request: web.BaseRequest, own: frozenset[str], *, may_be_missing: bool = False) -> None:
    """
    Raises:
        OriginForeign: the request comes from a page of another origin, or does not say from which.
    """
    origin = request.headers.get("Origin")
    if origin is None and may_be_missing:
        return
    if origin is None:
        raise OriginForeign(
            "With the cookie, this request needs an Origin header; programs use a bearer token instead."
        )
    if origin.lower() not in own:
        raise OriginForeign(f"Pages of {origin[:100]} may not use this session.")
