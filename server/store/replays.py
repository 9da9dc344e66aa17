"""Replays: entries of the past, as they may be told now.

What was recalled, cancelled, expired or corrected since is told by its present form, wherever the entry stands: words
and pictures of it don't leave the server any more. The entries that follow say the same again, which changes nothing.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, Table, select

from server.core.bulletins import BulletinRecord
from server.core.entry import Entry
from server.core.pushes import PushRecord
from server.store import log, tables


def entries_after(conn: Connection, position: int, limit: int = 1000, *, now_ms: int = 0) -> list[Entry]:
    """As ``log.entries_after``.

    Args:
        now_ms: bulletins that have run out by then have ended, whether or not that was written down; 0: as written.
    """
    return as_of(conn, log.entries_after(conn, position, limit), now_ms)


def as_of(conn: Connection, entries: Sequence[Entry], now_ms: int) -> list[Entry]:
    """Entries with the bulletins and pushes in them as they are now."""
    bulletins = {
        bulletin_id: BulletinRecord.from_json(record).at(now_ms).to_wire()
        for bulletin_id, record in _records(conn, tables.bulletins, _ids(entries, "bulletin")).items()
    }
    pushes = {
        push_id: PushRecord.from_wire(record).to_wire()
        for push_id, record in _records(conn, tables.pushes, _ids(entries, "push")).items()
    }
    present: Mapping[str, Mapping[str, Any]] = {"bulletin": bulletins, "push": pushes}
    return [_as_of(entry, present) for entry in entries]


def _as_of(entry: Entry, present: Mapping[str, Mapping[str, Any]]) -> Entry:
    if entry.kind not in present:
        return entry
    item = present[entry.kind].get(entry.payload[entry.kind]["id"])
    return entry if item is None else replace(entry, payload={entry.kind: item})


def _ids(entries: Iterable[Entry], kind: str) -> set[str]:
    return {entry.payload[kind]["id"] for entry in entries if entry.kind == kind}


def _records(conn: Connection, table: Table, ids: set[str]) -> dict[str, Any]:
    if not ids:
        return {}
    rows: Iterable[Row[Any]] = conn.execute(select(table.c.id, table.c.record).where(table.c.id.in_(ids)))
    return {row.id: json.loads(row.record) for row in rows}
