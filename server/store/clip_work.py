"""Clip work: which server records which clip.

A server that takes a clip upon itself has a lease on it, which it renews until the clip is kept or has failed. A lease
that lapses belonged to a server that died: another one goes on.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select, update

from server.core.clips import ClipRecord, ClipState
from server.core.people import Actor
from server.store import tables
from server.store.clips import RUNNING, end, keep, record_of

LEASE_MS = 30_000
QUIET_MS = 5_000
"""It is renewed every two seconds."""
MAX_TURNS = 20
"""What so many servers have tried is not tried again: it may be what they died of."""

_COLUMNS = tables.clips.c


@dataclass(frozen=True, slots=True)
class Running:
    """A clip that is not done, and how many servers have taken it upon themselves."""

    record: ClipRecord
    turn: int
    is_free: bool
    """No server has a lease on it."""
    is_quiet: bool
    """Or the one that has was not heard of for some seconds."""


def running(conn: Connection, now_ms: int) -> list[Running]:
    """Those that are not done, oldest first."""
    left_ms = func.coalesce(_COLUMNS.lease_ms - now_ms, -1).label("left_ms")
    query = select(tables.clips, left_ms).where(_COLUMNS.state.in_(RUNNING))
    rows = conn.execute(query.order_by(_COLUMNS.number))
    return [
        Running(record_of(row), row.turn, is_free=row.left_ms < 0, is_quiet=row.left_ms < LEASE_MS - QUIET_MS)
        for row in rows
    ]


def claim(conn: Connection, wanted: Iterable[str], *, server: str, now_ms: int) -> list[Running]:
    """Take clips upon ``server``; those that another has taken are left out.

    What too many servers have tried has failed then.
    """
    taken = []
    for clip_id in wanted:
        row = conn.execute(select(tables.clips).where((_COLUMNS.id == clip_id) & _is_free(now_ms))).first()
        if row is None:
            continue
        record = record_of(row)
        if row.turn >= MAX_TURNS:
            reason = f"{row.turn} servers have tried to record it, and none of them has come to an end."
            end(conn, record.failed(reason, now_ms=now_ms), Actor(), "clip.failed", {"reason": "tried"}, now_ms)
            continue
        record = replace(record, state=ClipState.RECORDING)
        keep(conn, record, server=server, lease_ms=now_ms + LEASE_MS, turn=row.turn + 1)
        taken.append(Running(record, row.turn + 1, is_free=False, is_quiet=False))
    return taken


def renew(conn: Connection, server: str, now_ms: int) -> None:
    """All that this server records."""
    mine = (_COLUMNS.server == server) & _COLUMNS.state.in_(RUNNING) & _COLUMNS.lease_ms.is_not(None)
    conn.execute(update(tables.clips).where(mine).values(lease_ms=now_ms + LEASE_MS))


def let_go(conn: Connection, server: str) -> None:
    """This server stops: others can go on at once."""
    mine = (_COLUMNS.server == server) & _COLUMNS.state.in_(RUNNING)
    conn.execute(update(tables.clips).where(mine).values(lease_ms=None))


def conclude(
    conn: Connection,
    record: ClipRecord,
    *,
    server: str,
    now_ms: int,
    manifest: str | None = None,
    file: str | None = None,
) -> bool:
    """Keep what came of recording a clip.

    Returns:
        False when another server has taken it over meanwhile: then nothing is kept of this.
    """
    mine = (_COLUMNS.id == record.id) & (_COLUMNS.server == server) & _COLUMNS.state.in_(RUNNING)
    row = conn.execute(select(_COLUMNS.record).where(mine)).first()
    if row is None:
        return False
    # A hold may have come while it was recorded.
    record = replace(record, hold=record_of(row).hold)
    if record.state is ClipState.KEPT:
        details: dict[str, Any] = {"sha256": record.sha256, "bytes": record.bytes, "holes": len(record.holes)}
        end(conn, record, Actor(), "clip.kept", details, now_ms, manifest=manifest, file=file)
    else:
        end(conn, record, Actor(), "clip.failed", {"reason": record.reason}, now_ms)
    return True


def running_numbers(conn: Connection) -> tuple[frozenset[int], int]:
    """Of the clips that are not done, and of the newest clip there is."""
    newest = conn.scalar(select(func.max(_COLUMNS.number))) or 0
    return frozenset(conn.scalars(select(_COLUMNS.number).where(_COLUMNS.state.in_(RUNNING)))), newest


def _is_free(now_ms: int) -> ColumnElement[bool]:
    return _COLUMNS.state.in_(RUNNING) & (_COLUMNS.lease_ms.is_(None) | (_COLUMNS.lease_ms < now_ms))
