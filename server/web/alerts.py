"""Alerts: the recent ones, one of them, and raising one by hand."""

import uuid
from functools import partial
from typing import Any

from aiohttp import web
from sqlalchemy import Connection

from server.config import MANUAL
from server.core.alerts import AlertRecord
from server.core.intake import alert_from_json
from server.core.json_text import parse_json
from server.core.receipts import receipts_for
from server.core.sums import receivers, unreached
from server.errors import AlertUnknown
from server.lanes.past import SNAPSHOT_MS
from server.store import alerts, intake, log, people, receipts, revisions
from server.web import bodies
from server.web.services import actor, services, session


async def index(request: web.Request) -> web.Response:
    since_ms, person = services(request).now_ms() - SNAPSHOT_MS, session(request).person

    def read(conn: Connection) -> tuple[int, list[AlertRecord]]:
        return log.head(conn), alerts.recent(conn, since_ms=since_ms, person=person)

    position, recent = await services(request).db.read(read)
    return bodies.answer({"position": position, "alerts": [alert.to_wire() for alert in recent]})


async def show(request: web.Request) -> web.Response:
    alert_id, person = request.match_info["id"], session(request).person

    def read(conn: Connection) -> dict[str, Any]:
        found = alerts.find_with_audience(conn, alert_id)
        if found is None or not found[1].concerns(person):
            raise AlertUnknown(f"There is no alert '{alert_id[:64]}' for you.")
        alert, audience = found
        about = receipts.of_item(conn, "alert", alert_id)
        shown = [receipt.to_wire() for receipt in receipts_for(person, about)]
        answer: dict[str, Any] = {"alert": alert.to_wire(), "receipts": shown}
        if person.is_staff:
            answer["revisions"] = [revision.to_wire() for revision in revisions.of_alert(conn, alert_id)]
            counted = receivers(audience, people.everybody(conn))
            answer["unreached"] = [one.to_wire() for one in unreached(about, alert.revision, counted)]
        return answer

    return bodies.answer(await services(request).db.read(read))


async def command(request: web.Request) -> web.Response:
    body = await bodies.read_object(request)
    alert = await services(request).alerts.commands.do(actor(request), request.match_info["id"], body)
    return bodies.answer({"alert": alert})


async def create(request: web.Request) -> web.Response:
    raw = await bodies.read_bytes(request)
    alert, priority = alert_from_json(parse_json(raw), identifier=str(uuid.uuid4()))
    raised = await services(request).db.write(
        partial(
            intake.raise_alert,
            alert=alert,
            source=MANUAL,
            priority=priority,
            actor=actor(request),
            now_ms=services(request).now_ms(),
            raw=raw,
            planner=services(request).roster.planner(),
        )
    )
    services(request).log.announce(raised.entry)
    if raised.duplicate:
        return bodies.answer({"alert": raised.record.to_wire(), "duplicate": True})
    return bodies.answer({"alert": raised.record.to_wire()}, status=201 if raised.record.revision == 1 else 200)
