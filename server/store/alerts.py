"""Alerts: raising them once, and finding them again."""

import json
import uuid
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, func, insert, select

from server.core.alerts import AlertRecord, source_key
from server.core.audience import EVERYBODY
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


def recent(conn: Connection, *, since_ms: int, limit: int = MAX_RECENT) -> list[AlertRecord]:
    """Those received at or after ``since_ms``, newest first."""
    query = select(_COLUMNS.record).where(_COLUMNS.received_ms >= since_ms)
    rows = conn.scalars(query.order_by(_COLUMNS.number.desc()).limit(limit))
    return [AlertRecord.from_wire(json.loads(record)) for record in rows]
