"""The past: what a client that comes is told before live entries follow. Read and encoded in a reader thread."""

from dataclasses import dataclass

from sqlalchemy import Connection

from server.core import wire
from server.core.bulletins import bulletins_for
from server.core.people import Person
from server.core.pushes import pushes_for
from server.core.receipts import Item
from server.core.wire import SnapshotReason
from server.store import alerts, bulletins, log, pushes, receipts, replays

SNAPSHOT_MS = 24 * 3600 * 1000
CHUNK = 500


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some of the entries that concern a person, ready to be written."""

    frames: bytes
    position: int
    """The last entry that was looked at."""


def entries(conn: Connection, *, person: Person, after: int, last: int, now_ms: int) -> Chunk:
    """At most ``CHUNK`` of the entries behind ``after``, up to ``last``; what has ended since, as it is now."""
    frames = []
    for entry in replays.entries_after(conn, after, min(CHUNK, last - after), now_ms=now_ms):
        payload = entry.payload_for(person)
        if payload is not None:
            frames.append(wire.entry(entry, payload))
        after = entry.position
    return Chunk(b"".join(frames), after)


def snapshot(conn: Connection, *, person: Person, reason: SnapshotReason, now_ms: int) -> Chunk:
    """Everything of the last 24 hours that concerns a person, and every active bulletin, as of the newest entry."""
    position = log.head(conn)
    since_ms = now_ms - SNAPSHOT_MS
    recent_alerts = alerts.recent(conn, since_ms=since_ms, person=person)
    recent_pushes = pushes_for(person, pushes.recent(conn, since_ms=since_ms))
    active = bulletins_for(person, bulletins.active(conn, now_ms))
    items: list[tuple[Item, str]] = [
        *(("alert", alert.id) for alert in recent_alerts),
        *(("push", push.id) for push in recent_pushes),
        *(("bulletin", bulletin.id) for bulletin in active),
    ]
    # Of an officer only his own: a tablet that comes must not cost reading those of the whole city.
    about = receipts.of_items(conn, items, person=None if person.is_staff else person.id)
    frame = wire.snapshot(
        position,
        reason,
        alerts=[alert.to_wire() for alert in recent_alerts],
        pushes=[push.to_wire() for push in recent_pushes],
        bulletins=[bulletin.to_wire() for bulletin in active],
        receipts=[receipt.to_wire() for receipt in about],
    )
    return Chunk(frame, position)
