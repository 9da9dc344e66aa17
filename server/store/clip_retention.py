"""Clip retention: how long clips stay, and which nobody may remove."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import Connection, select, update

from server.core.clips import ClipRecord, ClipState, LegalHold
from server.core.people import Actor
from server.errors import ConflictState
from server.store import audit, tables
from server.store.clips import NO_FILE, end, keep, present, record_of

_COLUMNS = tables.clips.c


def hold(conn: Connection, clip_id: str, reason: str, *, actor: Actor, now_ms: int) -> ClipRecord:
    """Put a legal hold on a clip: it is not removed. On one that has one, nothing changes.

    Raises:
        ClipUnknown: there is none of that id.
        ConflictState: it is not there any more, or never was.
    """
    record = present(conn, clip_id)
    if record.hold is not None:
        return record
    if record.state in (ClipState.FAILED, ClipState.REMOVED):
        raise ConflictState(NO_FILE[record.state], item="clip", present=record.to_wire())
    record = replace(record, hold=LegalHold(actor.id, now_ms, reason))
    keep(conn, record)
    audit.append(conn, actor, "clip.held", f"clip:{record.id}", {"reason": reason}, now_ms=now_ms)
    return record


def release(conn: Connection, clip_id: str, *, actor: Actor, now_ms: int) -> ClipRecord:
    """Take the legal hold off; again changes nothing. From now on it stays as long as any other.

    Raises:
        ClipUnknown: there is none of that id.
    """
    record = present(conn, clip_id)
    if record.hold is None:
        return record
    released = replace(record, hold=None)
    keep(conn, released)
    audit.append(conn, actor, "clip.released", f"clip:{record.id}", {"held_by": record.hold.by}, now_ms=now_ms)
    return released


def due(conn: Connection, *, now_ms: int, limit: int) -> list[ClipRecord]:
    """Those whose time is up, and that nobody holds."""
    rows = conn.execute(select(tables.clips).where(_COLUMNS.due_ms <= now_ms).order_by(_COLUMNS.due_ms).limit(limit))
    return [record_of(row) for row in rows]


def remove_due(conn: Connection, *, now_ms: int, limit: int) -> list[ClipRecord]:
    """From now on nobody can open them. Their files are still there (``unfiled``)."""
    removed = [record.removed(now_ms=now_ms) for record in due(conn, now_ms=now_ms, limit=limit)]
    for record in removed:
        details = {"camera": record.camera.id, "sha256": record.sha256, "made_ms": record.made_ms}
        end(conn, record, Actor(), "clip.removed", details, now_ms)
    return removed


def unfiled(conn: Connection, limit: int) -> list[str]:
    """Names of files that are to be deleted."""
    gone = _COLUMNS.state == ClipState.REMOVED.value
    return list(conn.scalars(select(_COLUMNS.file).where(gone, _COLUMNS.file.is_not(None)).limit(limit)))


def forget_files(conn: Connection, names: Collection[str]) -> None:
    """They are deleted."""
    gone = _COLUMNS.state == ClipState.REMOVED.value
    conn.execute(update(tables.clips).where(gone, _COLUMNS.file.in_(names)).values(file=None))
