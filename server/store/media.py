"""Media: photos that were sent, and what they are used for. Their bytes are in the folder."""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, Table, delete, insert, select, update

from server.core.audience import NOBODY, Audience
from server.core.body import storable
from server.core.bulletins import BulletinRecord
from server.core.media import Item, Picture, Use, may_open, opened_by
from server.core.people import Actor
from server.core.pushes import PushRecord
from server.errors import MediaUnknown
from server.store import audit, tables

_COLUMNS = tables.media.c


@dataclass(frozen=True, slots=True)
class Unfiled:
    """A photo that was removed, and whose bytes are to be, unless they were put again since then."""

    media_id: str
    put_before_ms: int


def add(conn: Connection, picture: Picture, *, actor: Actor, now_ms: int) -> Picture:
    """Keep a photo, or find that it is kept already: then as it is. Its bytes must be in the folder before.

    ``picture.made_by`` and ``made_ms`` are those of the first time. When everything that showed it has ended, it begins
    anew: it can be used again, and staff can open it until it is.
    """
    known = find(conn, picture.id)
    if known is not None:
        sent_again = update(tables.media).where(_COLUMNS.id == picture.id, _COLUMNS.unused_since_ms.is_not(None))
        conn.execute(sent_again.values(unused_since_ms=now_ms))
        if not any(use.is_live for use in uses(conn, picture.id, now_ms)):
            conn.execute(delete(tables.media_uses).where(tables.media_uses.c.media_id == picture.id))
    else:
        row = {**asdict(picture), "unused_since_ms": now_ms}
        row["bytes"] = row.pop("size_bytes")
        conn.execute(insert(tables.media), row)
        forget_files(conn, [picture.id])
    details = {"bytes": picture.size_bytes, "known": known is not None}
    audit.append(conn, actor, "media.added", f"media:{picture.id}", details, now_ms=now_ms)
    return known or picture


def find(conn: Connection, media_id: str) -> Picture | None:
    row = conn.execute(select(tables.media).where(tables.media.c.id == storable(media_id))).first()
    if row is None:
        return None
    return Picture(row.id, row.width, row.height, row.bytes, row.thumbnail, row.made_by, row.made_ms)


def use(conn: Connection, media_id: str, item: Item, item_id: str, *, now_ms: int, path: str = "") -> Picture:
    """Say that an item shows a photo; again changes nothing. The photo, to be put into the item.

    Args:
        path: the field that named it, for the error.

    Raises:
        MediaUnknown: there is none of that id, or everything that showed it has ended and it was not sent again.
    """
    picture = find(conn, media_id)
    shown = uses(conn, media_id, now_ms)
    if picture is None or (shown and not any(use.is_live for use in shown)):
        raise MediaUnknown("There is no such photo. Send the picture to /api/media first.", path=path)
    row = {"media_id": media_id, "item": item, "item_id": item_id}
    columns = tables.media_uses.c
    if conn.execute(select(columns.item).filter_by(**row)).first() is None:
        conn.execute(insert(tables.media_uses), row)
        conn.execute(update(tables.media).where(_COLUMNS.id == media_id).values(unused_since_ms=None))
    return picture


def unused(conn: Connection, before_ms: int, limit: int) -> list[str]:
    """Ids of photos that were sent, for the last time, before that moment, and that nothing has ever shown."""
    query = select(_COLUMNS.id).where(_COLUMNS.unused_since_ms < before_ms).order_by(_COLUMNS.unused_since_ms)
    return list(conn.scalars(query.limit(limit)))


def remove_unused(conn: Connection, before_ms: int, limit: int, *, now_ms: int) -> None:
    """Forget such photos. Their bytes are still there (``unfiled``)."""
    found = unused(conn, before_ms, limit)
    if not found:
        return
    conn.execute(delete(tables.media).where(_COLUMNS.id.in_(found)))
    rows = [{"media_id": media_id, "put_before_ms": before_ms} for media_id in found]
    conn.execute(insert(tables.removed_media), rows)
    deeds = [audit.Deed(Actor(), "media.removed", f"media:{media_id}") for media_id in found]
    audit.append_all(conn, deeds, now_ms=now_ms)


def unfiled(conn: Connection, after: str, limit: int) -> list[Unfiled]:
    """Photos whose bytes are to be removed, by their ids, those behind ``after``."""
    columns = tables.removed_media.c
    query = select(tables.removed_media).where(columns.media_id > after).order_by(columns.media_id)
    return [Unfiled(row.media_id, row.put_before_ms) for row in conn.execute(query.limit(limit))]


def forget_files(conn: Connection, media_ids: Collection[str]) -> None:
    """Their bytes are removed, or in use again."""
    conn.execute(delete(tables.removed_media).where(tables.removed_media.c.media_id.in_(media_ids)))


def uses(conn: Connection, media_id: str, now_ms: int) -> list[Use]:
    """The items that show a photo, those that have ended too."""
    columns = tables.media_uses.c
    query = select(columns.item, columns.item_id).where(columns.media_id == storable(media_id))
    rows = conn.execute(query.order_by(columns.item, columns.item_id)).all()
    return [_USE[row.item](conn, row.item_id, media_id, now_ms) for row in rows]


def look(conn: Connection, media_id: str, *, actor: Actor, size: str, now_ms: int) -> Picture:
    """A photo that somebody opens; it is on record with what lets him.

    Args:
        size: a word for the record, ``full`` or ``thumbnail``.

    Raises:
        MediaUnknown: there is none of that id, or not for him, or everything that showed it has ended.
    """
    picture = find(conn, media_id)
    found = uses(conn, media_id, now_ms)
    if picture is None or actor.person is None or not may_open(actor.person, found):
        raise MediaUnknown("There is no such photo, or what it was sent with has ended or is not for you.")
    items = [each.subject for each in opened_by(actor.person, found)]
    details = {"items": items, "size": size}
    audit.append(conn, actor, "media.opened", f"media:{picture.id}", details, now_ms=now_ms)
    return picture


def _push(conn: Connection, push_id: str, media_id: str, now_ms: int) -> Use:
    record = _record(conn, tables.pushes, push_id)
    if record is None:
        return Use("push", push_id, is_live=False, audience=NOBODY)
    push = PushRecord.from_wire(json.loads(record))
    is_shown = any(one.id == media_id for one in push.media)
    return Use("push", push_id, is_live=push.is_live(now_ms) and is_shown, audience=Audience.of_people(push.recipients))


def _bulletin(conn: Connection, bulletin_id: str, media_id: str, now_ms: int) -> Use:
    record = _record(conn, tables.bulletins, bulletin_id)
    if record is None:
        return Use("bulletin", bulletin_id, is_live=False, audience=NOBODY)
    bulletin = BulletinRecord.from_json(json.loads(record))
    # An update may have taken the photo out of it.
    is_shown = any(photo.id == media_id for photo in bulletin.photos)
    return Use("bulletin", bulletin_id, is_live=bulletin.is_live(now_ms) and is_shown, audience=bulletin.audience)


def _record(conn: Connection, table: Table, item_id: str) -> str | None:
    record: str | None = conn.scalar(select(table.c.record).where(table.c.id == item_id))
    return record


_USE = {"push": _push, "bulletin": _bulletin}
