"""Media: photos that were sent, and what they are used for. Their bytes are in the folder."""

import json
from dataclasses import asdict

from sqlalchemy import Connection, insert, select

from server.core.audience import NOBODY, Audience
from server.core.body import storable
from server.core.media import Item, Picture, Use, may_open, opened_by
from server.core.people import Actor
from server.errors import MediaUnknown
from server.store import audit, pushes, tables


def add(conn: Connection, picture: Picture, *, actor: Actor, now_ms: int) -> Picture:
    """Keep a photo, or find that it is kept already: then as it is. Its bytes must be in the folder before.

    ``picture.made_by`` and ``made_ms`` are those of the first time.
    """
    known = find(conn, picture.id)
    if known is None:
        row = asdict(picture)
        row["bytes"] = row.pop("size_bytes")
        conn.execute(insert(tables.media), row)
    details = {"bytes": picture.size_bytes, "known": known is not None}
    audit.append(conn, actor, "media.added", f"media:{picture.id}", details, now_ms=now_ms)
    return known or picture


def find(conn: Connection, media_id: str) -> Picture | None:
    row = conn.execute(select(tables.media).where(tables.media.c.id == storable(media_id))).first()
    if row is None:
        return None
    return Picture(row.id, row.width, row.height, row.bytes, row.thumbnail, row.made_by, row.made_ms)


def use(conn: Connection, media_id: str, item: Item, item_id: str, *, path: str = "") -> Picture:
    """Say that an item shows a photo; again changes nothing. The photo, to be put into the item.

    Args:
        path: the field that named it, for the error.

    Raises:
        MediaUnknown: there is none of that id.
    """
    picture = find(conn, media_id)
    if picture is None:
        raise MediaUnknown("There is no such photo. Send the picture to /api/media first.", path=path)
    row = {"media_id": media_id, "item": item, "item_id": item_id}
    columns = tables.media_uses.c
    if conn.execute(select(columns.item).filter_by(**row)).first() is None:
        conn.execute(insert(tables.media_uses), row)
    return picture


def uses(conn: Connection, media_id: str, now_ms: int) -> list[Use]:
    """The items that show a photo, those that have ended too."""
    columns = tables.media_uses.c
    query = select(columns.item, columns.item_id).where(columns.media_id == storable(media_id))
    rows = conn.execute(query.order_by(columns.item, columns.item_id)).all()
    return [_USE[row.item](conn, row.item_id, now_ms) for row in rows]


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


def _push(conn: Connection, push_id: str, now_ms: int) -> Use:
    push = pushes.find(conn, push_id)
    if push is None:
        return Use("push", push_id, is_live=False, audience=NOBODY)
    return Use("push", push_id, is_live=push.is_live(now_ms), audience=Audience.of_people(push.recipients))


def _bulletin(conn: Connection, bulletin_id: str, now_ms: int) -> Use:
    columns = tables.bulletins.c
    query = select(columns.expires_ms, columns.ended_ms, columns.audience).where(columns.id == bulletin_id)
    row = conn.execute(query).first()
    if row is None:
        return Use("bulletin", bulletin_id, is_live=False, audience=NOBODY)
    is_live = row.ended_ms is None and now_ms < row.expires_ms
    return Use("bulletin", bulletin_id, is_live=is_live, audience=Audience.from_json(json.loads(row.audience)))


_USE = {"push": _push, "bulletin": _bulletin}
