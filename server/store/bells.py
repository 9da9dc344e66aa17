"""Bells: which is rung for what, and which server answers for it.

A server that takes it upon itself to ring has a lease on that, which it renews until the ring is done. A lease that
lapses belonged to a server that died: another one takes the ring over, once.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, tuple_, update

from server.core.receipts import Item
from server.store import tables
from server.store.standings import Named, chunks

LEASE_MS = 30_000
MAX_SERVERS = 2
"""For one ring, one after the other."""

_KEY = tuple_(*tables.push_rings.primary_key)

Claim = tuple[Named, int, str]
"""An item, its revision, the id of a subscription."""


@dataclass(frozen=True, slots=True)
class Told:
    """For which revisions of an item a bell was rung, or is to be."""

    first: int
    newest: int


@dataclass(frozen=True, slots=True)
class Lapsed:
    """A ring whose server did not say that it is done."""

    claim: Claim
    at_ms: int
    """Of the entry that it was to be rung for."""


def told(conn: Connection, items: Collection[Named]) -> Mapping[tuple[Named, str], Told]:
    """By item and subscription; where no bell was rung is left out."""
    columns = tables.push_rings.c
    names = {_name(item): item for item in items}
    first, newest = func.min(columns.revision), func.max(columns.revision)
    query = select(columns.item_id, columns.subscription, first.label("first"), newest.label("newest"))
    return {
        (names[row.item_id], row.subscription): Told(row.first, row.newest)
        for chunk in chunks(names)
        for row in conn.execute(query.where(columns.item_id.in_(chunk)).group_by(columns.item_id, columns.subscription))
    }


def claim(conn: Connection, wanted: Mapping[Claim, int], server: str, now_ms: int) -> list[Claim]:
    """Take it upon ``server`` to ring; those that another has taken, for this revision or a newer one, are left out.

    A writing transaction has the tables for itself (store/db.py), so nobody comes between the look and the insert.

    Args:
        wanted: with the times of their entries.
    """
    known = told(conn, {item for item, _, _ in wanted})
    ours = [
        (item, revision, subscription)
        for item, revision, subscription in wanted
        if (item, subscription) not in known or known[item, subscription].newest < revision
    ]
    if ours:
        rows = [
            {
                "item_id": _name(item),
                "revision": revision,
                "subscription": subscription,
                "at_ms": wanted[item, revision, subscription],
                "server": server,
                "lease_ms": now_ms + LEASE_MS,
            }
            for item, revision, subscription in ours
        ]
        conn.execute(insert(tables.push_rings), rows)
    return ours


def renew(conn: Connection, held: Iterable[Claim], server: str, now_ms: int) -> None:
    """Those of them that are not done, and that no other server has taken over."""
    columns = tables.push_rings.c
    mine = columns.lease_ms.is_not(None) & (columns.server == server)
    change = update(tables.push_rings).where(mine).values(lease_ms=now_ms + LEASE_MS)
    for chunk in _keys(held):
        conn.execute(change.where(_KEY.in_(chunk)))


def conclude(conn: Connection, done: Iterable[Claim]) -> None:
    """Nobody needs to ring these any more: it was done, or can't be."""
    change = update(tables.push_rings).values(lease_ms=None)
    for chunk in _keys(done):
        conn.execute(change.where(_KEY.in_(chunk)))


def lapsed(conn: Connection, *, since_ms: int, now_ms: int, limit: int) -> list[Lapsed]:
    """Claims of servers that died, for entries since ``since_ms``, the oldest first; each once in its life."""
    columns = tables.push_rings.c
    query = select(tables.push_rings).where(_is_lapsed(now_ms), columns.at_ms >= since_ms)
    return [
        Lapsed((_item(row.item_id), row.revision, row.subscription), row.at_ms)
        for row in conn.execute(query.order_by(columns.lease_ms).limit(limit))
    ]


def take_over(conn: Connection, wanted: Iterable[Claim], server: str, now_ms: int) -> list[Claim]:
    """As ``claim``, of what lapsed; what another has taken over is left out."""
    columns = tables.push_rings.c
    change = (
        update(tables.push_rings)
        .where(_is_lapsed(now_ms))
        .values(server=server, lease_ms=now_ms + LEASE_MS, servers=columns.servers + 1)
        .returning(columns.item_id, columns.revision, columns.subscription)
    )
    return [
        (_item(row.item_id), row.revision, row.subscription)
        for chunk in _keys(wanted)
        for row in conn.execute(change.where(_KEY.in_(chunk)))
    ]


def forget(conn: Connection, *, before_ms: int) -> None:
    conn.execute(delete(tables.push_rings).where(tables.push_rings.c.at_ms < before_ms))


def _is_lapsed(now_ms: int) -> ColumnElement[bool]:
    columns = tables.push_rings.c
    return (columns.lease_ms < now_ms) & (columns.servers < MAX_SERVERS)


def _keys(claims: Iterable[Claim]) -> Iterator[list[tuple[str, int, str]]]:
    return chunks((_name(item), revision, subscription) for item, revision, subscription in claims)


def _name(item: Named) -> str:
    return f"{item[0]}:{item[1]}"


def _item(name: str) -> Named:
    kind, _, item_id = name.partition(":")
    return cast("Item", kind), item_id
