"""Standings: alerts, pushes and bulletins at present, as far as receipts are concerned."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, select

from server.core.audience import EVERYBODY, Audience
from server.core.bulletins import BulletinRecord
from server.core.pushes import PushRecord
from server.core.receipts import Item, Standing
from server.store import tables

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
        for standing in _READ[item](conn, chunk, now_ms)
    }


def chunks(items: Iterable[T]) -> Iterator[list[T]]:
    """As many at a time as a statement takes."""
    rest = iter(items)
    while chunk := list(islice(rest, _CHUNK)):
        yield chunk


def _alerts(conn: Connection, ids: list[str], _now_ms: int) -> Iterator[Standing]:
    columns = tables.alerts.c
    rows: Iterable[Row[Any]] = conn.execute(select(columns.record, columns.audience).where(columns.id.in_(ids)))
    for row in rows:
        audience = EVERYBODY if row.audience is None else Audience.from_json(json.loads(row.audience))
        record = json.loads(row.record)
        yield Standing("alert", record["id"], record["revision"], audience, record)


def _pushes(conn: Connection, ids: list[str], _now_ms: int) -> Iterator[Standing]:
    columns = tables.pushes.c
    for text in conn.scalars(select(columns.record).where(columns.id.in_(ids))):
        push = PushRecord.from_wire(json.loads(text))
        # The staff sees every push, and receives those that are sent to it.
        audience = Audience(people=frozenset(push.recipients))
        yield Standing("push", push.id, push.revision, audience, push.to_wire(), push.is_recalled)


def _bulletins(conn: Connection, ids: list[str], now_ms: int) -> Iterator[Standing]:
    columns = tables.bulletins.c
    for text in conn.scalars(select(columns.record).where(columns.id.in_(ids))):
        bulletin = BulletinRecord.from_json(json.loads(text)).at(now_ms)
        yield Standing(
            "bulletin", bulletin.id, bulletin.revision, bulletin.audience, bulletin.to_wire(), bulletin.has_ended
        )


_READ: Mapping[Item, Callable[[Connection, list[str], int], Iterator[Standing]]] = {
    "alert": _alerts,
    "push": _pushes,
    "bulletin": _bulletins,
}
