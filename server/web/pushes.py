"""Pushes: putting live cameras on officers' tablets, and taking them back."""

from functools import partial

from aiohttp import web

from server.core.pushes import PushCamera, PushOrder
from server.store import pushes
from server.web import bodies
from server.web.services import actor, services


async def create(request: web.Request) -> web.Response:
    order = PushOrder.parse(await bodies.read_object(request))
    cameras = {
        camera.id: PushCamera(camera.id, camera.number, camera.name)
        for camera in services(request).board.cameras.values()
    }
    now_ms, roster = services(request).now_ms(), services(request).roster.roster()
    sent = await services(request).db.write(
        partial(pushes.send, order=order, cameras=cameras, roster=roster, actor=actor(request), now_ms=now_ms)
    )
    services(request).log.announce(sent.entry)
    return bodies.answer({"push": sent.record.to_wire()}, status=200 if sent.duplicate else 201)


async def recall(request: web.Request) -> web.Response:
    push_id, now_ms = request.match_info["id"], services(request).now_ms()
    recalled = await services(request).db.write(
        partial(pushes.recall, push_id=push_id, actor=actor(request), now_ms=now_ms)
    )
    services(request).log.announce(recalled.entry)
    return bodies.answer({"push": recalled.record.to_wire()})
