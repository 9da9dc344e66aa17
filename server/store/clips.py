"""Clips: what is to be kept of cameras, and what was (core/clips.py). Their files are in the store of clips."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from server.core.body import storable
from server.core.clips import ClipCamera, ClipOrder, ClipRecord, ClipState
from server.core.people import Actor
from server.errors import AlertUnknown, CameraUnknown, ClipTooMany, ClipUnknown, ConflictId, ConflictState
from server.store import alerts, audit, log, tables

MAX_RUNNING = 100
"""Each holds a camera and is written to a disk."""
MAX_ORDERED = 60
"""What people order leaves room for what alerts want."""
MAX_RECENT = 200
RUNNING = (ClipState.WANTED.value, ClipState.RECORDING.value)
NO_FILE = {
    ClipState.WANTED: "The clip is not recorded yet. Ask again when its state is 'kept'.",
    ClipState.RECORDING: "The clip is being recorded. Ask again when its state is 'kept'.",
    ClipState.FAILED: "There is no such clip: recording it has failed; its 'reason' says why.",
    ClipState.REMOVED: "The clip was removed when its time was up.",
}

_COLUMNS = tables.clips.c


@dataclass(frozen=True, slots=True)
class Ordered:
    record: ClipRecord
    duplicate: bool


def order(
    conn: Connection, wanted: ClipOrder, *, cameras: Mapping[str, ClipCamera], actor: Actor, now_ms: int
) -> Ordered:
    """Want a clip; the same id again gives it as it is.

    Args:
        cameras: every camera there is, by id.

    Raises:
        RequestInvalid: it begins too late.
        CameraUnknown, AlertUnknown: there is none of that id.
        ConflictId: the id is taken by a clip of somebody else, or of something else.
        ClipTooMany: too many are being recorded.
    """
    text = _wanted(wanted, actor)
    row = conn.execute(select(tables.clips).where(_COLUMNS.id == wanted.id)).first()
    if row is not None:
        present = record_of(row)
        if row.wanted != text:
            message = "Another clip has this id already. Order the new one with an id of its own."
            raise ConflictId(message, item="clip", present=present.to_wire())
        return Ordered(present, duplicate=True)
    wanted.check(now_ms)
    camera = cameras.get(wanted.camera)
    if camera is None:
        raise CameraUnknown(f"There is no camera '{wanted.camera[:64]}'.", path="camera")
    if wanted.alert_id is not None and alerts.find(conn, wanted.alert_id) is None:
        raise AlertUnknown(f"There is no alert '{wanted.alert_id}'.", path="alert")
    if (count := _count_running(conn)) >= MAX_ORDERED:
        raise ClipTooMany(f"{count} clips are being recorded already. Try again when some of them are kept.")
    return Ordered(_want(conn, wanted, camera, actor, now_ms), duplicate=False)


def order_for_alert(
    conn: Connection, wanted: Sequence[ClipOrder], *, cameras: Mapping[str, ClipCamera], now_ms: int
) -> list[ClipRecord]:
    """Want what an alert wants by itself; once for each alert, whichever server is first.

    Args:
        wanted: of one alert; what there is no room for is left out, the best first.
    """
    if not wanted:
        return []
    own = (_COLUMNS.alert_id == wanted[0].alert_id) & (_COLUMNS.asked_by == Actor().id)
    if conn.scalar(select(_COLUMNS.id).where(own).limit(1)) is not None:
        return []
    taken = set(conn.scalars(select(_COLUMNS.id).where(_COLUMNS.id.in_([one.id for one in wanted]))))
    free = [one for one in wanted if one.id not in taken]
    room = max(0, MAX_RUNNING - _count_running(conn))
    return [_want(conn, one, cameras[one.camera], Actor(), now_ms) for one in free[:room]]


def find(conn: Connection, clip_id: str) -> ClipRecord | None:
    row = _find(conn, clip_id)
    return None if row is None else record_of(row)


def recent(
    conn: Connection, *, alert_id: str | None = None, camera: str | None = None, limit: int = MAX_RECENT
) -> list[ClipRecord]:
    """The newest first; those of an alert, of a camera, or all."""
    query = select(tables.clips)
    if alert_id is not None:
        query = query.where(_COLUMNS.alert_id == storable(alert_id))
    if camera is not None:
        query = query.where(_COLUMNS.camera == storable(camera))
    rows = conn.execute(query.order_by(_COLUMNS.number.desc()).limit(limit))
    return [record_of(row) for row in rows]


def look(
    conn: Connection, clip_id: str, *, actor: Actor, action: str, details: dict[str, Any], now_ms: int
) -> tuple[ClipRecord, str, str]:
    """A clip whose file or manifest somebody takes; it is on record before he gets it.

    Args:
        action: ``clip.opened`` or ``clip.manifest_opened``.

    Returns:
        The record, the name of its file, and its manifest.

    Raises:
        ClipUnknown: there is none of that id.
        ConflictState: there is no file of it, (yet, or any more).
    """
    row = _find(conn, clip_id)
    if row is None:
        raise ClipUnknown(f"There is no clip '{clip_id[:64]}'.")
    record = record_of(row)
    if record.state is not ClipState.KEPT:
        raise ConflictState(NO_FILE[record.state], item="clip", present=record.to_wire())
    audit.append(conn, actor, action, f"clip:{record.id}", {"camera": record.camera.id, **details}, now_ms=now_ms)
    return record, row.file, row.manifest


def end(
    conn: Connection,
    record: ClipRecord,
    actor: Actor,
    action: str,
    details: dict[str, Any],
    now_ms: int,
    **columns: Any,
) -> None:
    keep(conn, record, lease_ms=None, **columns)
    audit.append(conn, actor, action, f"clip:{record.id}", details, now_ms=now_ms)


def keep(conn: Connection, record: ClipRecord, **columns: Any) -> None:
    is_to_go = record.state is ClipState.KEPT and record.hold is None
    columns |= {
        "state": record.state.value,
        "record": log.to_json(record.to_wire()),
        "due_ms": record.keep_until_ms if is_to_go else None,
    }
    conn.execute(update(tables.clips).where(_COLUMNS.id == record.id).values(columns))


def present(conn: Connection, clip_id: str) -> ClipRecord:
    record = find(conn, clip_id)
    if record is None:
        raise ClipUnknown(f"There is no clip '{clip_id[:64]}'.")
    return record


def _find(conn: Connection, clip_id: str) -> Row[Any] | None:
    return conn.execute(select(tables.clips).where(_COLUMNS.id == storable(clip_id))).first()


def _want(conn: Connection, wanted: ClipOrder, camera: ClipCamera, actor: Actor, now_ms: int) -> ClipRecord:
    record = ClipRecord(
        id=wanted.id,
        number=(conn.scalar(select(func.max(_COLUMNS.number))) or 0) + 1,
        state=ClipState.WANTED,
        camera=camera,
        from_ms=wanted.from_ms,
        to_ms=wanted.to_ms,
        why=wanted.why,
        alert_id=wanted.alert_id,
        asked_by=actor.id,
        asked_ms=now_ms,
    )
    row = {
        "number": record.number,
        "id": record.id,
        "alert_id": record.alert_id,
        "camera": camera.id,
        "asked_by": actor.id,
        "asked_ms": now_ms,
        "state": record.state.value,
        "wanted": _wanted(wanted, actor),
        "record": log.to_json(record.to_wire()),
    }
    conn.execute(insert(tables.clips), row)
    details = {"camera": camera.id, "from_ms": record.from_ms, "to_ms": record.to_ms, "alert": record.alert_id}
    audit.append(conn, actor, "clip.ordered", f"clip:{record.id}", details, now_ms=now_ms)
    return record


def _count_running(conn: Connection) -> int:
    return conn.scalar(select(func.count()).where(_COLUMNS.state.in_(RUNNING))) or 0


def _wanted(wanted: ClipOrder, actor: Actor) -> str:
    return log.to_json({"asked_by": actor.id, **wanted.to_json()})


def record_of(row: Row[Any]) -> ClipRecord:
    return ClipRecord.from_wire(json.loads(row.record))
