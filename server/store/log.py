"""Log: the one order of everything that is kept."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, bindparam, func, insert, select

from server.core.audience import Audience
from server.core.entry import Entry, Kind, first_release_audience
from server.store import heads, pending, tables

# Made once: building a statement costs seven times as much as running it.
_HEAD = select(func.max(tables.log.c.position))
_APPEND = insert(tables.log)
_AFTER = (
    select(tables.log)
    .where(tables.log.c.position > bindparam("after"))
    .order_by(tables.log.c.position)
    .limit(bindparam("limit"))
)


def append(conn: Connection, kind: Kind, payload: Mapping[str, Any], audience: Audience, at_ms: int) -> Entry:
    """The next entry. Positions have no holes, because a writing transaction has the log for itself (store/db.py)."""
    entry = Entry.written(heads.of(conn, "log", _head) + 1, at_ms, kind, payload, audience, to_json(payload))
    row = {
        "position": entry.position,
        "at_ms": at_ms,
        "kind": kind,
        "payload": entry.text,
        "audience": to_json(audience.to_json()),
    }
    pending.add(conn, _APPEND, row)
    heads.moved(conn, "log", entry.position)
    return entry


def head(conn: Connection) -> int:
    """The newest position; 0 when the log is empty."""
    pending.flush(conn, tables.log)
    return _head(conn)


def _head(conn: Connection) -> int:
    position: int | None = conn.scalar(_HEAD)
    return position or 0


def entries_after(conn: Connection, position: int, limit: int = 1000) -> list[Entry]:
    """At most ``limit`` entries that follow ``position``, in order."""
    pending.flush(conn, tables.log)
    rows = conn.execute(_AFTER, {"after": position, "limit": limit})
    return [_entry(row) for row in rows]


def _entry(row: Row[Any]) -> Entry:
    payload = json.loads(row.payload)
    if row.audience is None:
        audience = first_release_audience(row.kind, payload)
    else:
        audience = Audience.from_json(json.loads(row.audience))
    return Entry(row.position, row.at_ms, row.kind, payload, audience)


def installation(conn: Connection) -> str:
    """The name of this log; a position is only good together with it."""
    name: str = conn.scalars(select(tables.installation.c.id)).one()
    return name


def to_json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
