"""Bulletins: wanted people, sent, changed and ended. What has ended nobody opens any more."""

from functools import partial

from aiohttp import web
from sqlalchemy import Connection

from server.core.bulletin_commands import BulletinCommand
from server.core.bulletin_orders import BulletinOrder
from server.core.bulletins import BulletinRecord, bulletins_for
from server.core.commands import RadioCommand
from server.core.receipts import Receipt
from server.core.sums import receivers, unreached
from server.errors import BulletinUnknown
from server.store import bulletins, log, receipts
from server.web import bodies
from server.web.services import actor, services, session


async def index(request: web.Request) -> web.Response:
    now_ms = services(request).now_ms()

    def read(conn: Connection) -> tuple[int, list[BulletinRecord]]:
        return log.head(conn), bulletins.active(conn, now_ms)

    position, active = await services(request).db.read(read)
    shown = [bulletin.to_wire() for bulletin in bulletins_for(session(request).person, active)]
    return bodies.answer({"position": position, "bulletins": shown})


async def create(request: web.Request) -> web.Response:
    order = BulletinOrder.parse(await bodies.read_object(request))
    now_ms, roster = services(request).now_ms(), services(request).roster.roster()
    sent = await services(request).db.write(
        partial(bulletins.send, order=order, roster=roster, actor=actor(request), now_ms=now_ms)
    )
    services(request).log.announce(sent.entry)
    return bodies.answer({"bulletin": sent.record.to_wire()}, status=200 if sent.duplicate else 201)


async def show(request: web.Request) -> web.Response:
    person, bulletin_id = session(request).person, request.match_info["id"]

    def read(conn: Connection) -> tuple[BulletinRecord | None, list[Receipt]]:
        return bulletins.find(conn, bulletin_id), receipts.of_item(conn, "bulletin", bulletin_id)

    found, about = await services(request).db.read(read)
    bulletin = None if found is None else found.at(services(request).now_ms())
    if bulletin is None or not bulletin.audience.concerns(person) or (bulletin.has_ended and not person.is_staff):
        raise BulletinUnknown(f"There is no bulletin '{bulletin_id[:64]}' for you, or it has ended.")
    if not person.is_staff:
        return bodies.answer({"bulletin": bulletin.to_wire()})
    people = services(request).roster.roster().people
    missing = unreached(about, bulletin.revision, receivers(bulletin.audience, people))
    return bodies.answer(
        {
            "bulletin": bulletin.to_wire(),
            "receipts": [receipt.to_wire() for receipt in about],
            "unreached": [one.to_wire() for one in missing],
        }
    )


async def command(request: web.Request) -> web.Response:
    body = await bodies.read_object(request)
    if body.get("command") == "radio":
        return await _speak(request, RadioCommand.parse(body))
    order = BulletinCommand.parse(body)
    bulletin_id, now_ms = request.match_info["id"], services(request).now_ms()
    done = await services(request).db.write(
        partial(bulletins.command, bulletin_id=bulletin_id, order=order, actor=actor(request), now_ms=now_ms)
    )
    services(request).log.announce(done.entry)
    return bodies.answer({"bulletin": done.record.to_wire()})


async def _speak(request: web.Request, word: RadioCommand) -> web.Response:
    bulletin_id, now_ms = request.match_info["id"], services(request).now_ms()
    bulletin, entries = await services(request).db.write(
        partial(bulletins.speak, bulletin_id=bulletin_id, word=word, actor=actor(request), now_ms=now_ms)
    )
    for entry in entries:
        services(request).log.announce(entry)
    return bodies.answer({"bulletin": bulletin.to_wire()})
