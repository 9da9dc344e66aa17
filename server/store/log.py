"""Log: the one order of everything that is kept."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, func, insert, select

from server.core.entry import Entry, Kind
from server.store import tables


def append(conn: Connection, kind: Kind, payload: Mapping[str, Any], at_ms: int) -> Entry:
    """The next entry. Positions have no holes, because a writing transaction has the log for itself (store/db.py)."""
    entry = Entry(head(conn) + 1, at_ms, kind, payload)
    row = {"position": entry.position, "at_ms": at_ms, "kind": kind, "payload": to_json(payload)}
    conn.execute(insert(tables.log), row)
    return entry


def head(conn: Connection) -> int:
    """The newest position; 0 when the log is empty."""
    position: int | None = conn.scalar(select(func.max(tables.log.c.position)))
    return position or 0


def entries_after(conn: Connection, position: int, limit: int = 1000) -> list[Entry]:
    """At most ``limit`` entries that follow ``position``, in order."""
    log = tables.log.c
    query = select(log.position, log.at_ms, log.kind, log.payload).where(log.position > position)
    rows = conn.execute(query.order_by(log.position).limit(limit))
    return [Entry(row.position, row.at_ms, row.kind, json.loads(row.payload)) for row in rows]


def installation(conn: Connection) -> str:
    """The name of this log; a position is only good together with it."""
    name: str = conn.scalars(select(tables.installation.c.id)).one()
    return name


def to_json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
