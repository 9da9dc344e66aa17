"""Alerts: the recent ones, one of them, and raising one by hand."""

import uuid
from functools import partial

from aiohttp import web
from sqlalchemy import Connection

from server.config import MANUAL
from server.core.alerts import AlertRecord
from server.core.intake import alert_from_json
from server.core.json_text import parse_json
from server.core.receipts import Receipt, receipts_for
from server.errors import AlertUnknown
from server.lanes.past import SNAPSHOT_MS
from server.store import alerts, log, receipts
from server.web import bodies
from server.web.services import actor, services, session


async def index(request: web.Request) -> web.Response:
    since_ms = services(request).now_ms() - SNAPSHOT_MS

    def read(conn: Connection) -> tuple[int, list[AlertRecord]]:
        return log.head(conn), alerts.recent(conn, since_ms=since_ms)

    position, recent = await services(request).db.read(read)
    return bodies.answer({"position": position, "alerts": [alert.to_wire() for alert in recent]})


async def show(request: web.Request) -> web.Response:
    alert_id = request.match_info["id"]

    def read(conn: Connection) -> tuple[AlertRecord | None, list[Receipt]]:
        return alerts.find(conn, alert_id), receipts.of_item(conn, "alert", alert_id)

    alert, about = await services(request).db.read(read)
    if alert is None:
        raise AlertUnknown(f"There is no alert '{alert_id[:64]}'.")
    shown = receipts_for(session(request).person, about)
    return bodies.answer({"alert": alert.to_wire(), "receipts": [receipt.to_wire() for receipt in shown]})


async def create(request: web.Request) -> web.Response:
    raw = await bodies.read_bytes(request)
    alert, priority = alert_from_json(parse_json(raw), identifier=str(uuid.uuid4()))
    raised = await services(request).db.write(
        partial(
            alerts.raise_alert,
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
