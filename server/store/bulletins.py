"""Bulletins: sending them once, changing them, and ending them for good.

The row keeps what an ended bulletin was, for the audit. Nothing but ``to_wire`` of a record leaves this program.
"""

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from server.core.body import storable
from server.core.bulletin_commands import BulletinCommand, Cancel, Clear, Renew, Update, What
from server.core.bulletin_orders import BulletinOrder, PhotoOrder
from server.core.bulletins import BulletinPhoto, BulletinRecord
from server.core.commands import RadioCommand
from server.core.entry import Entry
from server.core.people import Actor
from server.core.roster import Roster
from server.errors import BulletinUnknown, ConflictId
from server.store import audit, commands, log, media, tables

MAX_EXPIRED = 100
"""Bulletins that are ended in one transaction."""
_COLUMNS = tables.bulletins.c


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of sending a bulletin; a duplicate has no entry and the record as it is."""

    record: BulletinRecord
    entry: Entry | None
    duplicate: bool


@dataclass(frozen=True, slots=True)
class Commanded:
    """What came of a command; one that changed nothing, or came before, has no entry."""

    record: BulletinRecord
    entry: Entry | None


def send(conn: Connection, order: BulletinOrder, *, roster: Roster, actor: Actor, now_ms: int) -> Sent:
    """Put a wanted person on the tablets of everybody, or of those whom the order means now.

    Raises:
        MediaUnknown: there is no such photo; ``path`` says which.
        PushUnknownRecipient, PushNoRecipient: the order means somebody who is not there, or nobody.
        RequestInvalid: it would end in the past or too late, or a photo is from the future.
        ConflictId: the id is taken by a bulletin of somebody else, or one that said something else.
    """
    wanted = log.to_json({"sent_by": actor.id, **order.to_json()})
    known = conn.execute(select(_COLUMNS.wanted, _COLUMNS.record).where(_COLUMNS.id == order.id)).first()
    if known is not None:
        record = _read(known.record).at(now_ms)
        if known.wanted != wanted:
            message = "Another bulletin has this id already. Send the new one with an id of its own."
            raise ConflictId(message, item="bulletin", present=record.to_wire())
        return Sent(record, None, duplicate=True)
    expires_ms = order.expiry_ms(now_ms)
    reached = None if order.to is None else roster.resolve(order.to, now_ms=now_ms)
    texts: dict[str, Any] = dict(order.texts)
    record = BulletinRecord(
        id=order.id,
        number=(conn.scalar(select(func.max(_COLUMNS.number))) or 0) + 1,
        revision=1,
        status=order.status,
        **texts,
        photos=_photos(conn, order.photos, order.id, now_ms),
        recipients=None if reached is None else tuple(one.person_id for one in reached),
        sent_by=actor.id,
        sent_ms=now_ms,
        expires_ms=expires_ms,
        revised_ms=now_ms,
        revised_by=actor.id,
    )
    row = {
        "number": record.number,
        "id": record.id,
        "sent_ms": now_ms,
        "expires_ms": record.expires_ms,
        "wanted": wanted,
        "record": log.to_json(record.to_json()),
        "audience": log.to_json(record.audience.to_json()),
    }
    conn.execute(insert(tables.bulletins), row)
    details = {"recipients": None if record.recipients is None else list(record.recipients), "status": record.status}
    return Sent(record, _tell(conn, record, actor, "sent", details, now_ms), duplicate=False)


def command(conn: Connection, bulletin_id: str, order: BulletinCommand, *, actor: Actor, now_ms: int) -> Commanded:
    """Change, renew, clear or cancel a bulletin. The same command again changes nothing.

    Raises:
        BulletinUnknown: there is none of that id.
        ConflictState: it has ended.
        ConflictRevision: it has been changed since the person saw it.
        ConflictId: the id is taken by another command of this person.
        MediaUnknown, RequestInvalid: what it says can't be used.
    """
    present = _present(conn, bulletin_id, now_ms)
    if _was_done(conn, bulletin_id, order, present, actor, now_ms):
        return Commanded(present, None)
    order.check(present)
    record, action, details = _change(conn, present, order.what, actor.id, now_ms)
    if record == present:
        return Commanded(present, None)
    return Commanded(record, _replace(conn, record, actor, action, details, now_ms))


def speak(
    conn: Connection, bulletin_id: str, word: RadioCommand, *, actor: Actor, now_ms: int
) -> tuple[BulletinRecord, tuple[Entry, ...]]:
    """Note what somebody said by radio about a bulletin; the same again changes nothing.

    Raises:
        BulletinUnknown: there is none of that id.
        Besides: as ``commands.speak``.
    """
    present = _present(conn, bulletin_id, now_ms)
    entries = commands.speak(conn, "bulletin", bulletin_id, word, actor=actor, present=present.to_wire(), now_ms=now_ms)
    return present, entries


def expire_due(conn: Connection, now_ms: int) -> list[Entry]:
    """End those whose time has run out, at most 100 at a time; to be told by the caller."""
    query = select(_COLUMNS.record).where(_COLUMNS.ended_ms.is_(None), _COLUMNS.expires_ms <= now_ms)
    due = [_read(record) for record in conn.scalars(query.order_by(_COLUMNS.expires_ms).limit(MAX_EXPIRED))]
    return [_replace(conn, bulletin.expired(), Actor(), "expired", {}, now_ms) for bulletin in due]


def next_expiry(conn: Connection) -> int | None:
    """When the next one ends; None when there is none."""
    expires_ms: int | None = conn.scalar(select(func.min(_COLUMNS.expires_ms)).where(_COLUMNS.ended_ms.is_(None)))
    return expires_ms


def find(conn: Connection, bulletin_id: str) -> BulletinRecord | None:
    """As it was last written; see ``BulletinRecord.at``."""
    record = conn.scalar(select(_COLUMNS.record).where(_COLUMNS.id == storable(bulletin_id)))
    return None if record is None else _read(record)


def active(conn: Connection, now_ms: int) -> list[BulletinRecord]:
    """Those that have not ended, newest first."""
    query = select(_COLUMNS.record).where(_COLUMNS.ended_ms.is_(None), _COLUMNS.expires_ms > now_ms)
    return [_read(record) for record in conn.scalars(query.order_by(_COLUMNS.number.desc()))]


def _present(conn: Connection, bulletin_id: str, now_ms: int) -> BulletinRecord:
    stored = find(conn, bulletin_id)
    if stored is None:
        raise BulletinUnknown(f"There is no bulletin '{bulletin_id[:64]}'.")
    return stored.at(now_ms)


def _change(
    conn: Connection, present: BulletinRecord, what: What, by: str, now_ms: int
) -> tuple[BulletinRecord, str, dict[str, Any]]:
    """What becomes of it, the word for the audit, and what a reviewer needs beside."""
    match what:
        case Update():
            photos = None if what.photos is None else _photos(conn, what.photos, present.id, now_ms)
            changes = what.changes(present, photos, now_ms)
            record = present.revised(by, now_ms, reason=what.reason, changes=changes)
            return record, "updated", {"changes": list(changes)}
        case Renew():
            return present.renewed(what.expiry_ms(present, now_ms)), "renewed", {}
        case Clear(note):
            return present.cleared_of(note, by, now_ms), "cleared", {}
        case Cancel(reason):
            return present.cancelled(by, now_ms, reason=reason), "cancelled", {}


def _photos(
    conn: Connection, orders: tuple[PhotoOrder, ...], bulletin_id: str, now_ms: int
) -> tuple[BulletinPhoto, ...]:
    return tuple(
        BulletinPhoto(
            media.use(conn, one.id, "bulletin", bulletin_id, now_ms=now_ms, path=f"photos[{i}].id").to_wire(),
            one.source,
            one.taken,
        )
        for i, one in enumerate(orders)
    )


def _replace(
    conn: Connection, record: BulletinRecord, actor: Actor, action: str, details: dict[str, Any], now_ms: int
) -> Entry:
    values = {
        "record": log.to_json(record.to_json()),
        "expires_ms": record.expires_ms,
        "ended_ms": record.ended_ms,
    }
    conn.execute(update(tables.bulletins).where(_COLUMNS.id == record.id).values(values))
    return _tell(conn, record, actor, action, details, now_ms)


def _tell(
    conn: Connection, record: BulletinRecord, actor: Actor, action: str, details: dict[str, Any], now_ms: int
) -> Entry:
    entry = log.append(conn, "bulletin", {"bulletin": record.to_wire()}, record.audience, now_ms)
    details = {
        "position": entry.position,
        "revision": record.revision,
        "photos": [photo.id for photo in record.photos],
        "expires_ms": record.expires_ms,
        **details,
    }
    audit.append(conn, actor, f"bulletin.{action}", f"bulletin:{record.id}", details, now_ms=now_ms)
    return entry


def _was_done(
    conn: Connection, bulletin_id: str, order: BulletinCommand, present: BulletinRecord, actor: Actor, now_ms: int
) -> bool:
    """Whether this command came before; if not, remember it. Neither its words nor its answer are kept with it: they
    would outlive the bulletin."""
    wanted = {"bulletin": bulletin_id, "command": hashlib.sha256(repr(order).encode()).hexdigest()}
    if commands.answered(conn, actor, order.id, wanted, item="bulletin", present=present.to_wire()) is not None:
        return True
    commands.keep_answer(conn, actor, order.id, wanted, {}, now_ms)
    return False


def _read(record: str) -> BulletinRecord:
    return BulletinRecord.from_json(json.loads(record))
