"""Alerts: raising them once, and finding them again."""

import json
import uuid
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, select, update

from server.core.alerts import AlertRecord, source_key
from server.core.audience import EVERYBODY, Audience
from server.core.body import storable
from server.core.entry import Entry
from server.core.people import Actor
from server.store import audit, log, tables
from streams.alert import Alert

MAX_RECENT = 500

_COLUMNS = tables.alerts.c
_SAME = select(_COLUMNS.record).where(
    _COLUMNS.source == bindparam("source"), _COLUMNS.source_id == bindparam("source_id")
)
_NEWEST = select(func.max(_COLUMNS.number))
_KEEP = insert(tables.alerts)
_FIND = select(_COLUMNS.record).where(_COLUMNS.id == bindparam("id"))
_FIND_WITH_AUDIENCE = select(_COLUMNS.record, _COLUMNS.audience).where(_COLUMNS.id == bindparam("id"))
_CHANGE = (
    update(tables.alerts)
    .where(_COLUMNS.id == bindparam("b_id"))
    .values(record=bindparam("record"), audience=bindparam("audience"))
)


@dataclass(frozen=True, slots=True)
class Raised:
    """What came of raising an alert; a duplicate has no entry and the record as it is."""

    record: AlertRecord
    entry: Entry | None
    duplicate: bool


def raise_alert(
    conn: Connection, alert: Alert, *, source: str, priority: int | None, actor: Actor, now_ms: int, raw: bytes
) -> Raised:
    """Keep an alert: once for each source and id of that source.

    Args:
        priority: as the source said; None takes the rule of docs/wire.md §7.
        raw: what the source sent, byte for byte.
    """
    known = conn.scalar(_SAME, {"source": source, "source_id": source_key(alert.source_id)})
    if known is not None:
        return Raised(AlertRecord.from_wire(json.loads(known)), None, duplicate=True)
    number = (conn.scalar(_NEWEST) or 0) + 1
    record = AlertRecord.of(
        alert, alert_id=str(uuid.uuid4()), number=number, source=source, priority=priority, received_ms=now_ms
    )
    wire = record.to_wire()
    row = {
        "number": number,
        "id": record.id,
        "source": source,
        "source_id": record.source_id,
        "received_ms": now_ms,
        "record": log.to_json(wire),
        "raw": raw,
    }
    conn.execute(_KEEP, row)
    entry = log.append(conn, "alert", {"alert": wire}, EVERYBODY, now_ms)
    details = {"position": entry.position, "priority": record.priority, "source": source}
    audit.append(conn, actor, "alert.raised", f"alert:{record.id}", details, now_ms=now_ms)
    return Raised(record, entry, duplicate=False)


def find(conn: Connection, alert_id: str) -> AlertRecord | None:
    record = conn.scalar(_FIND, {"id": storable(alert_id)})
    return None if record is None else AlertRecord.from_wire(json.loads(record))


def find_with_audience(conn: Connection, alert_id: str) -> tuple[AlertRecord, Audience] | None:
    """The alert as it stands, and whom it concerns."""
    row = conn.execute(_FIND_WITH_AUDIENCE, {"id": storable(alert_id)}).first()
    return None if row is None else (AlertRecord.from_wire(json.loads(row.record)), _audience(row.audience))


def keep(conn: Connection, record: AlertRecord, audience: Audience, *, now_ms: int) -> Entry:
    """Replace what is kept of an alert and tell it. The caller has found it in the same transaction."""
    wire = record.to_wire()
    change = {"b_id": record.id, "record": log.to_json(wire), "audience": log.to_json(audience.to_json())}
    conn.execute(_CHANGE, change)
    return log.append(conn, "alert", {"alert": wire}, audience, now_ms)


def _audience(text: str | None) -> Audience:
    return EVERYBODY if text is None else Audience.from_json(json.loads(text))


def recent(conn: Connection, *, since_ms: int, limit: int = MAX_RECENT) -> list[AlertRecord]:
    """Those received at or after ``since_ms``, newest first."""
    query = select(_COLUMNS.record).where(_COLUMNS.received_ms >= since_ms)
    rows = conn.scalars(query.order_by(_COLUMNS.number.desc()).limit(limit))
    return [AlertRecord.from_wire(json.loads(record)) for record in rows]
