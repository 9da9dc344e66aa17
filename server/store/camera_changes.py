"""CameraChanges: the states of the cameras over time, and which server writes them.

One server at a time watches over the cameras. It has a lease on that, which it renews with what it writes; when it
dies another one takes over.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy import BigInteger, Connection, case, cast, delete, func, insert, literal, select, text, update

from server.core.camera_changes import Change
from server.store import tables

LEASE_MS = 30_000
_WATCH = "cameras"

# SQLite and PostgreSQL agree on these words; SQLAlchemy has them for each of the two only.
_ADD = text(
    "INSERT INTO camera_changes (camera, at_ms, state) VALUES (:camera, :at_ms, :state)"
    " ON CONFLICT (camera, at_ms) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Watch:
    """What a server has that watches over the cameras."""

    is_new: bool
    """It did not have it before."""
    seen_ms: int
    """Up to then all changes are written; now, when nobody ever watched."""


def claim(conn: Connection, server: str, now_ms: int) -> Watch | None:
    """Watch over the cameras from now on, or go on; None while another server does.

    A writing transaction has the tables for itself (store/db.py), so nobody comes between the look and the write.
    """
    columns = tables.camera_watches.c
    row = conn.execute(select(tables.camera_watches).where(columns.id == _WATCH)).first()
    if row is None:
        values = {"id": _WATCH, "server": server, "lease_ms": now_ms + LEASE_MS, "seen_ms": now_ms}
        conn.execute(insert(tables.camera_watches).values(values))
        return Watch(is_new=True, seen_ms=now_ms)
    if row.server != server and row.lease_ms >= now_ms:
        return None
    is_new = row.server != server or row.lease_ms < now_ms
    change = update(tables.camera_watches).where(columns.id == _WATCH)
    conn.execute(change.values(server=server, lease_ms=now_ms + LEASE_MS))
    return Watch(is_new, row.seen_ms)


def write(conn: Connection, changes: Iterable[Change], server: str, now_ms: int) -> bool:
    """Write what has changed up to now, and renew. False: another server watches over them, and nothing was written."""
    columns = tables.camera_watches.c
    renew = update(tables.camera_watches).where(columns.id == _WATCH, columns.server == server)
    if conn.execute(renew.values(lease_ms=now_ms + LEASE_MS, seen_ms=now_ms)).rowcount == 0:
        return False
    rows = [{"camera": change.camera, "at_ms": change.at_ms, "state": change.state} for change in changes]
    if rows:
        conn.execute(_ADD, rows)
    return True


def release(conn: Connection, server: str) -> None:
    """Another server may watch at once."""
    columns = tables.camera_watches.c
    conn.execute(update(tables.camera_watches).where(columns.server == server).values(lease_ms=0))


def last(conn: Connection) -> dict[str, Change]:
    """The last change of each camera."""
    columns = tables.camera_changes.c
    newest = select(columns.camera, func.max(columns.at_ms).label("at_ms")).group_by(columns.camera).subquery()
    query = select(tables.camera_changes).join(
        newest, (columns.camera == newest.c.camera) & (columns.at_ms == newest.c.at_ms)
    )
    return {row.camera: Change(row.camera, row.at_ms, row.state) for row in conn.execute(query)}


def spent(conn: Connection, *, from_ms: int, to_ms: int) -> Mapping[str, Mapping[str, int]]:
    """Camera → state → milliseconds of it in that time. A camera counts from its first change on.

    The last state goes on until the lease of the server that watched has ended: what is behind that counts as unknown.
    """
    columns, watches = tables.camera_changes.c, tables.camera_watches.c
    seen_ms = conn.scalar(select(watches.seen_ms).where(watches.id == _WATCH))
    known_ms = max(from_ms, min(to_ms, (seen_ms or 0) + LEASE_MS))
    until = func.coalesce(func.lead(columns.at_ms).over(partition_by=columns.camera, order_by=columns.at_ms), known_ms)
    spans = select(columns.camera, columns.state, columns.at_ms, until.label("until_ms")).subquery().c
    begins = case((spans.at_ms < from_ms, from_ms), else_=spans.at_ms)
    ends = case((spans.until_ms > to_ms, to_ms), else_=spans.until_ms)
    sums: dict[str, dict[str, int]] = {}
    query = select(spans.camera, spans.state, cast(func.sum(ends - begins), BigInteger).label("ms"))
    for row in conn.execute(query.where(begins < ends).group_by(spans.camera, spans.state)):
        sums.setdefault(row.camera, {})[row.state] = int(row.ms)
    if known_ms < to_ms:
        for camera in conn.scalars(select(columns.camera).where(columns.at_ms < to_ms).distinct()):
            states = sums.setdefault(camera, {})
            states["unknown"] = states.get("unknown", 0) + to_ms - known_ms
    return sums


def forget(conn: Connection, *, before_ms: int) -> None:
    """But for the one of each camera that tells how it was then."""
    columns = tables.camera_changes.c
    other = tables.camera_changes.alias()
    follows = other.c.at_ms > columns.at_ms
    newer = select(literal(1)).where(other.c.camera == columns.camera, follows, other.c.at_ms <= before_ms).exists()
    conn.execute(delete(tables.camera_changes).where(columns.at_ms < before_ms, newer))
