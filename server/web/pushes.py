"""Pushes: putting cameras, photos and words on tablets, and taking them back."""

from functools import partial

from aiohttp import web
from sqlalchemy import Connection

from server.core.commands import RadioCommand
from server.core.pushes import PushCamera, PushOrder, PushRecord, pushes_for
from server.core.receipts import Receipt
from server.core.sums import unreached
from server.errors import PushUnknown
from server.lanes.past import SNAPSHOT_MS
from server.store import log, pushes, receipts
from server.web import bodies
from server.web.services import actor, services, session


async def index(request: web.Request) -> web.Response:
    since_ms = services(request).now_ms() - SNAPSHOT_MS

    def read(conn: Connection) -> tuple[int, list[PushRecord]]:
        return log.head(conn), pushes.recent(conn, since_ms=since_ms)

    position, recent = await services(request).db.read(read)
    shown = [push.to_wire() for push in pushes_for(session(request).person, recent)]
    return bodies.answer({"position": position, "pushes": shown})


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


async def show(request: web.Request) -> web.Response:
    push_id = request.match_info["id"]

    def read(conn: Connection) -> tuple[PushRecord | None, list[Receipt]]:
        return pushes.find(conn, push_id), receipts.of_item(conn, "push", push_id)

    push, about = await services(request).db.read(read)
    if push is None:
        raise PushUnknown(f"There is no push '{push_id[:64]}'.")
    missing = unreached(about, push.revision, push.recipients)
    return bodies.answer(
        {
            "push": push.to_wire(),
            "receipts": [receipt.to_wire() for receipt in about],
            "unreached": [one.to_wire() for one in missing],
        }
    )


async def command(request: web.Request) -> web.Response:
    word = RadioCommand.parse(await bodies.read_object(request))
    push_id, now_ms = request.match_info["id"], services(request).now_ms()
    push, entries = await services(request).db.write(
        partial(pushes.speak, push_id=push_id, word=word, actor=actor(request), now_ms=now_ms)
    )
    for entry in entries:
        services(request).log.announce(entry)
    return bodies.answer({"push": push.to_wire()})


async def recall(request: web.Request) -> web.Response:
    push_id, now_ms = request.match_info["id"], services(request).now_ms()
    recalled = await services(request).db.write(
        partial(pushes.recall, push_id=push_id, actor=actor(request), now_ms=now_ms)
    )
    services(request).log.announce(recalled.entry)
    return bodies.answer({"push": recalled.record.to_wire()})
