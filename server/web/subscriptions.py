"""Subscriptions: a browser says where its bell is rung (docs/wire.md §3)."""

from functools import partial

from aiohttp import web

from server.core.body import text
from server.core.subscriptions import MAX_ENDPOINT_CHARACTERS, Subscription
from server.errors import RequestInvalid
from server.store import subscriptions
from server.web import bodies
from server.web.headers import API_HEADERS
from server.web.services import actor, services


async def key(request: web.Request) -> web.Response:
    bell = services(request).bell
    return bodies.answer({"key": bell.key if bell else None})


async def create(request: web.Request) -> web.Response:
    bell, now_ms = services(request).bell, services(request).now_ms()
    body = await bodies.read_object(request)
    if bell is None:
        raise RequestInvalid("Web Push is not set up here; whoever runs the server can do so with notify.contact.")
    subscription = Subscription.parse(body, allow_hosts=bell.allow_hosts)
    is_new = await services(request).db.write(
        partial(subscriptions.keep, subscription=subscription, actor=actor(request), now_ms=now_ms)
    )
    return bodies.answer({}, status=201 if is_new else 200)


async def remove(request: web.Request) -> web.Response:
    """204 also when it is gone already."""
    endpoint = text(await bodies.read_object(request), "endpoint", max_characters=MAX_ENDPOINT_CHARACTERS)
    now_ms = services(request).now_ms()
    await services(request).db.write(
        partial(subscriptions.remove, endpoint=endpoint, actor=actor(request), now_ms=now_ms)
    )
    return web.Response(status=204, headers=API_HEADERS)
