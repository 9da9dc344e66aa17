"""Pushes: sending them once, recalling them, and which are live for whom."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select, update

from server.core.audience import Audience
from server.core.body import storable
from server.core.commands import RadioCommand
from server.core.entry import Entry
from server.core.people import Actor
from server.core.pushes import LIFETIME_MS, PushCamera, PushMedia, PushOrder, PushRecord
from server.core.roster import Roster
from server.errors import AlertUnknown, CameraUnknown, ConflictId, PushUnknown
from server.store import alerts, audit, commands, log, media, tables


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending a push; a duplicate has no entry and the record as it is."""

    record: PushRecord
    entry: Entry | None
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Recalled:
    """What came of recalling a push; one that was recalled before has no entry."""

    record: PushRecord
    entry: Entry | None


def send(
    conn: Connection, order: PushOrder, *, cameras: Mapping[str, PushCamera], roster: Roster, actor: Actor, now_ms: int
) -> Sent:
    """Put cameras, photos and words on the tablets of those whom the order means now.

    Args:
        cameras: every camera there is, by id.

    Raises:
        CameraUnknown, MediaUnknown, AlertUnknown: there is none of that id.
        PushUnknownRecipient, PushNoRecipient: the order means somebody who is not there, or nobody.
        RequestInvalid: a photo from the future.
        ConflictId: the id is taken by a push of somebody else, or one that asked for something else.
    """
    wanted = log.to_json({"sent_by": actor.id, **order.to_json()})
    known = conn.execute(
        select(tables.pushes.c.wanted, tables.pushes.c.record).where(tables.pushes.c.id == order.id)
    ).first()
    if known is not None:
        record = PushRecord.from_wire(json.loads(known.record))
        if known.wanted != wanted:
            message = "Another push has this id already. Send the new one with an id of its own."
            raise ConflictId(message, item="push", present=record.to_wire())
        return Sent(record, None, duplicate=True)
    order.check(now_ms)
    record = PushRecord(
        id=order.id,
        number=(conn.scalar(select(func.max(tables.pushes.c.number))) or 0) + 1,
        revision=1,
        alert_id=_known_alert(conn, order.alert_id),
        cameras=_known_cameras(order, cameras),
        note=order.note,
        recipients=tuple(reached.person_id for reached in roster.resolve(order.to, now_ms=now_ms)),
        sent_by=actor.id,
        sent_ms=now_ms,
        expires_ms=now_ms + LIFETIME_MS,
        media=_known_media(conn, order, cameras, now_ms),
        status=order.status,
        to=order.to.to_json(),
    )
    wire = record.to_wire()
    row = {"number": record.number, "id": record.id, "sent_ms": now_ms, "wanted": wanted, "record": log.to_json(wire)}
    conn.execute(insert(tables.pushes), row)
    conn.execute(
        insert(tables.push_recipients),
        [
            {"person": person, "push_number": record.number, "expires_ms": record.expires_ms}
            for person in record.recipients
        ],
    )
    entry = log.append(conn, "push", {"push": wire}, Audience.of_people(record.recipients), now_ms)
    details = {
        "position": entry.position,
        "cameras": [camera.id for camera in record.cameras],
        "media": [one.id for one in record.media],
        "recipients": list(record.recipients),
        "alert": record.alert_id,
    }
    audit.append(conn, actor, "push.sent", f"push:{record.id}", details, now_ms=now_ms)
    return Sent(record, entry, duplicate=False)


def recall(conn: Connection, push_id: str, *, actor: Actor, now_ms: int) -> Recalled:
    """Take a push back; again changes nothing.

    Raises:
        PushUnknown: there is none of that id.
    """
    present = find(conn, push_id)
    if present is None:
        raise PushUnknown(f"There is no push '{push_id}'.")
    if present.is_recalled:
        return Recalled(present, None)
    record = present.recalled(by=actor.id, now_ms=now_ms)
    wire = record.to_wire()
    conn.execute(update(tables.pushes).where(tables.pushes.c.id == push_id).values(record=log.to_json(wire)))
    recipients = tables.push_recipients
    conn.execute(update(recipients).where(recipients.c.push_number == record.number).values(expires_ms=0))
    entry = log.append(conn, "push", {"push": wire}, Audience.of_people(record.recipients), now_ms)
    audit.append(conn, actor, "push.recalled", f"push:{push_id}", {"position": entry.position}, now_ms=now_ms)
    return Recalled(record, entry)


def speak(
    conn: Connection, push_id: str, word: RadioCommand, *, actor: Actor, now_ms: int
) -> tuple[PushRecord, tuple[Entry, ...]]:
    """Note what somebody said by radio about a push; the same again changes nothing.

    Raises:
        PushUnknown: there is none of that id.
        Besides: as ``commands.speak``.
    """
    present = find(conn, push_id)
    if present is None:
        raise PushUnknown(f"There is no push '{push_id[:64]}'.")
    entries = commands.speak(conn, "push", push_id, word, actor=actor, present=present.to_wire(), now_ms=now_ms)
    return present, entries


def find(conn: Connection, push_id: str) -> PushRecord | None:
    record = conn.scalar(select(tables.pushes.c.record).where(tables.pushes.c.id == storable(push_id)))
    return None if record is None else PushRecord.from_wire(json.loads(record))


def recent(conn: Connection, *, since_ms: int, limit: int | None = None) -> list[PushRecord]:
    """Those sent at or after ``since_ms``, newest first."""
    columns = tables.pushes.c
    query = select(columns.record).where(columns.sent_ms >= since_ms).order_by(columns.number.desc()).limit(limit)
    return [PushRecord.from_wire(json.loads(record)) for record in conn.scalars(query)]


def live_for(conn: Connection, person_id: str, now_ms: int) -> list[PushRecord]:
    """The pushes that let this person watch now, newest first."""
    pushes, recipients = tables.pushes, tables.push_recipients
    query = (
        select(pushes.c.record)
        .join(recipients, recipients.c.push_number == pushes.c.number)
        .where(recipients.c.person == person_id, recipients.c.expires_ms > now_ms)
        .order_by(pushes.c.number.desc())
    )
    return [PushRecord.from_wire(json.loads(record)) for record in conn.scalars(query)]


def _known_alert(conn: Connection, alert_id: str | None) -> str | None:
    if alert_id is not None and alerts.find(conn, alert_id) is None:
        raise AlertUnknown(f"There is no alert '{alert_id}'.", path="alert_id")
    return alert_id


def _known_cameras(order: PushOrder, cameras: Mapping[str, PushCamera]) -> tuple[PushCamera, ...]:
    for index, camera_id in enumerate(order.cameras):
        if camera_id not in cameras:
            raise CameraUnknown(f"There is no camera '{camera_id}'.", path=f"cameras[{index}]")
    return tuple(cameras[camera_id] for camera_id in order.cameras)


def _known_media(
    conn: Connection, order: PushOrder, cameras: Mapping[str, PushCamera], now_ms: int
) -> tuple[PushMedia, ...]:
    known = []
    for index, one in enumerate(order.media):
        if one.camera is not None and one.camera not in cameras:
            raise CameraUnknown(f"There is no camera '{one.camera}'.", path=f"media[{index}].camera")
        picture = media.use(conn, one.id, "push", order.id, now_ms=now_ms, path=f"media[{index}].id")
        known.append(PushMedia(picture.to_wire(), one.camera, one.taken_ms))
    return tuple(known)
