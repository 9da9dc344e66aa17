"""Groups: alerts of a flood, by the first of them. A handful of rows is looked at, however many alerts come."""

import json
import math

from sqlalchemy import Connection, RowMapping, bindparam, delete, select, text

from server.core.alerts import AlertRecord
from server.core.flood import GAP_MS, MAX_IN_WINDOW, NEAR_M, WINDOW_MS, Group, waits_unheard
from server.store import heads, pending, tables
from streams.geo import EARTH_RADIUS_M, Point

MAX_OPEN = 200
"""Groups of one source that are looked at, newest first. When there are more, another one is begun."""
MAX_NEAR = 20

_ALERTS = tables.alerts.c
_COLUMNS = tables.alert_groups.c
_END = delete(tables.alert_groups).where(_COLUMNS.head_id == bindparam("b_head_id"))
_NEWEST = (
    select(_ALERTS.received_ms)
    .where(_ALERTS.audience_key == bindparam("audience_key"))
    .order_by(_ALERTS.received_ms.desc())
    .limit(MAX_IN_WINDOW)
)
_HEAD = tables.alerts.alias("head")
_MEMBERS = (
    select(_ALERTS.record)
    .join(_HEAD, (_HEAD.c.audience_key == _ALERTS.audience_key) & (_HEAD.c.received_ms <= _ALERTS.received_ms))
    .where(
        _HEAD.c.id == bindparam("group_id"),
        # More or less so: those that are read are looked at.
        _ALERTS.record.contains(bindparam("of_group")),
        _ALERTS.record.contains('"state":"new"'),
    )
    .order_by(_ALERTS.number)
)
_OPEN = (
    select(tables.alert_groups)
    .where(
        _COLUMNS.source == bindparam("source"), _COLUMNS.last_ms.between(bindparam("since_ms"), bindparam("until_ms"))
    )
    .order_by(_COLUMNS.last_ms.desc())
    .limit(MAX_OPEN)
    .subquery()
)
_SAME = (
    select(_OPEN)
    .where(_OPEN.c.audience_key == bindparam("audience_key"))
    .order_by(_OPEN.c.last_ms.desc())
    .limit(MAX_NEAR)
)
_NEAR = _SAME.where(
    _OPEN.c.lat.between(bindparam("south"), bindparam("north")),
    _OPEN.c.lon.between(bindparam("west"), bindparam("east")),
)
_NOWHERE = _SAME.where(_OPEN.c.lat.is_(None))
# SQLite and PostgreSQL agree on these words; SQLAlchemy has them for each of the two only.
_KEEP = text(
    "INSERT INTO alert_groups (head_id, source, audience_key, lat, lon, last_ms, count)"
    " VALUES (:head_id, :source, :audience_key, :lat, :lon, :last_ms, :count)"
    " ON CONFLICT (head_id) DO UPDATE SET"
    " lat = excluded.lat, lon = excluded.lon, last_ms = excluded.last_ms, count = excluded.count"
)


def take(conn: Connection, record: AlertRecord, audience_key: str, now_ms: int) -> str | None:
    """The first alert of the group to which a new one belongs, before it is kept itself.

    None when there is no flood for those people, or when it is the first of a group.
    """
    if not _is_flood(conn, audience_key, now_ms):
        return None
    open_groups = _changed(conn)
    near = conn.execute(_NOWHERE if record.point is None else _NEAR, _around(record, audience_key, now_ms))
    found = {row["head_id"]: _group(row) for row in near.mappings()} | open_groups
    for group in sorted(found.values(), key=_last_ms, reverse=True):
        if group.takes(record, audience_key, now_ms):
            _keep(conn, group.with_one_more(record, now_ms))
            return group.head_id
    _keep(conn, Group.of(record, audience_key, now_ms))
    return None


def end(conn: Connection, head_id: str) -> None:
    """An alert is over. If it was the first of a group, nothing more belongs to it: what comes now would be a part of a
    card that nobody looks at any more."""
    _changed(conn).pop(head_id, None)
    pending.flush(conn)
    conn.execute(_END, {"b_head_id": head_id})


def next_to_climb(conn: Connection, group_id: str, now_ms: int) -> AlertRecord | None:
    """The first of a group that nobody has and that has no ladder."""
    pending.flush(conn, tables.alerts)
    given = {"group_id": group_id, "of_group": f'"group_id":"{group_id}"'}
    members = (AlertRecord.from_wire(json.loads(text)) for text in conn.scalars(_MEMBERS, given))
    return next((member for member in members if waits_unheard(member, group_id, now_ms)), None)


def _is_flood(conn: Connection, audience_key: str, now_ms: int) -> bool:
    """Whether as many as they can take in came to those people before this one, which is counted too."""

    def read(conn: Connection) -> list[int]:
        return list(conn.scalars(_NEWEST, {"audience_key": audience_key}))

    newest = heads.of(conn, f"newest of {audience_key}", read)
    is_flood = len(newest) == MAX_IN_WINDOW and min(newest) > now_ms - WINDOW_MS
    newest[:] = sorted((*newest, now_ms), reverse=True)[:MAX_IN_WINDOW]
    return is_flood


def _changed(conn: Connection) -> dict[str, Group]:
    """Groups that this transaction has begun or made larger, by the first of them; they wait to be written."""
    return heads.of(conn, "groups", lambda _conn: {})


def _keep(conn: Connection, group: Group) -> None:
    _changed(conn)[group.head_id] = group
    lat, lon = (group.point.lat, group.point.lon) if group.point else (None, None)
    row = {"head_id": group.head_id, "source": group.source, "audience_key": group.audience_key}
    pending.add(conn, _KEEP, row | {"lat": lat, "lon": lon, "last_ms": group.last_ms, "count": group.count})


def _last_ms(group: Group) -> int:
    return group.last_ms


def _around(record: AlertRecord, audience_key: str, now_ms: int) -> dict[str, object]:
    """The box in which a near group must be; somewhat larger than the circle."""
    where: dict[str, object] = {
        "source": record.source,
        "audience_key": audience_key,
        "since_ms": now_ms - GAP_MS,
        "until_ms": now_ms + GAP_MS,
    }
    if record.point is not None:
        lat_deg = math.degrees(1.1 * NEAR_M / EARTH_RADIUS_M)
        lon_deg = min(180.0, lat_deg / max(math.cos(math.radians(record.point.lat)), 1e-6))
        where |= {"south": record.point.lat - lat_deg, "north": record.point.lat + lat_deg}
        where |= {"west": record.point.lon - lon_deg, "east": record.point.lon + lon_deg}
    return where


def _group(row: RowMapping) -> Group:
    point = None if row["lat"] is None else Point(row["lat"], row["lon"])
    return Group(row["head_id"], row["source"], row["audience_key"], point, row["last_ms"], row["count"])
