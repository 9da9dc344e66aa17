"""Policies: seen by the staff, changed by admins."""

from functools import partial

from aiohttp import web

from server.core.policies import Policy
from server.store import policies
from server.web import bodies
from server.web.services import actor, services


async def index(request: web.Request) -> web.Response:
    found = await services(request).db.read(policies.everything)
    return bodies.answer({"policies": [policy.to_json() for policy in found]})


async def change(request: web.Request) -> web.Response:
    body = await bodies.read_object(request)
    present = await services(request).db.read(partial(policies.find, name=request.match_info["name"]))
    wanted = Policy.parse(body, name=present.name, priority=present.priority)
    services(request).roster.roster().check(wanted)
    now_ms = services(request).now_ms()
    changed = await services(request).db.write(
        partial(policies.change, wanted=wanted, actor=actor(request), now_ms=now_ms)
    )
    await services(request).policies.changed()
    return bodies.answer({"policy": changed.to_json()})
