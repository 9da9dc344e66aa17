"""Standings: alerts, pushes and bulletins at present, as far as receipts are concerned."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Select, Table, select

from server.core.audience import EVERYBODY, Audience
from server.core.bulletins import BulletinRecord
from server.core.pushes import PushRecord
from server.core.receipts import Item, Standing
from server.store import pending, tables

T = TypeVar("T")
Named = tuple[Item, str]
"""Item, and its id."""

_CHUNK = 500
"""Rows asked for in one statement; databases limit the number of parameters."""


def find(conn: Connection, items: Iterable[Named], now_ms: int) -> Mapping[Named, Standing]:
    """Those of the items that there are."""
    wanted: dict[Item, set[str]] = {}
    for item, item_id in items:
        wanted.setdefault(item, set()).add(item_id)
    return {
        (standing.item, standing.id): standing
        for item, ids in wanted.items()
        for chunk in chunks(ids)
        for standing in _READ[item](conn, select(_TABLES[item]).where(_TABLES[item].c.id.in_(chunk)), now_ms)
    }


def recent(conn: Connection, item: Item, *, since_ms: int, limit: int, now_ms: int) -> list[Standing]:
    """Those that came up at or after ``since_ms``, the newest ``limit``, oldest first."""
    table = _TABLES[item]
    came_ms = table.c.received_ms if item == "alert" else table.c.sent_ms
    query = select(table).where(came_ms >= since_ms).order_by(table.c.number.desc()).limit(limit)
    return [*_READ[item](conn, query, now_ms)][::-1]


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """As many at a time as a statement takes."""
    rest = iter(items)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _alerts(conn: Connection, query: Select[Any], _now_ms: int) -> Iterator[Standing]:
    pending.flush(conn, tables.alerts)
    columns = tables.alerts.c
    for record_text, audience_text in conn.execute(query.with_only_columns(columns.record, columns.audience)):
        audience = EVERYBODY if audience_text is None else Audience.from_json(json.loads(audience_text))
        record = json.loads(record_text)
        yield Standing("alert", record["id"], record["revision"], audience, record)


def _pushes(conn: Connection, query: Select[Any], _now_ms: int) -> Iterator[Standing]:
    for text in conn.scalars(query.with_only_columns(tables.pushes.c.record)):
        push = PushRecord.from_wire(json.loads(text))
        # The staff sees every push, and receives those that are sent to it.
        audience = Audience(people=frozenset(push.recipients))
        yield Standing("push", push.id, push.revision, audience, push.to_wire(), push.is_recalled)


def _bulletins(conn: Connection, query: Select[Any], now_ms: int) -> Iterator[Standing]:
    for text in conn.scalars(query.with_only_columns(tables.bulletins.c.record)):
        bulletin = BulletinRecord.from_json(json.loads(text)).at(now_ms)
        yield Standing(
            "bulletin", bulletin.id, bulletin.revision, bulletin.audience, bulletin.to_wire(), bulletin.has_ended
        )


_TABLES: Mapping[Item, Table] = {"alert": tables.alerts, "push": tables.pushes, "bulletin": tables.bulletins}
_READ: Mapping[Item, Callable[[Connection, Select[Any], int], Iterator[Standing]]] = {
    "alert": _alerts,
    "push": _pushes,
    "bulletin": _bulletins,
}
