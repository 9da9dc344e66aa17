"""Groups: alerts of a flood, by the first of them. A handful of rows is looked at, however many alerts come."""

import math

from sqlalchemy import Connection, RowMapping, bindparam, insert, select, update

from server.core.alerts import AlertRecord
from server.core.flood import GAP_MS, MAX_IN_WINDOW, NEAR_M, WINDOW_MS, Group
from server.store import tables
from streams.geo import EARTH_RADIUS_M, Point

MAX_OPEN = 200
"""Groups of one source that are looked at, newest first. When there are more, another one is begun."""
MAX_NEAR = 20

_ALERTS = tables.alerts.c
_COLUMNS = tables.alert_groups.c
_MANY = (
    select(_ALERTS.number)
    .where(_ALERTS.audience_key == bindparam("audience_key"), _ALERTS.received_ms > bindparam("since_ms"))
    .order_by(_ALERTS.received_ms)
    .limit(1)
    .offset(MAX_IN_WINDOW - 1)
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
_BEGIN = insert(tables.alert_groups)
_GROW = (
    update(tables.alert_groups)
    .where(_COLUMNS.head_id == bindparam("b_head_id"))
    .values(lat=bindparam("lat"), lon=bindparam("lon"), last_ms=bindparam("last_ms"), count=bindparam("count"))
)


def take(conn: Connection, record: AlertRecord, audience_key: str, now_ms: int) -> str | None:
    """The first alert of the group to which a new one belongs, before it is kept itself.

    None when there is no flood for those people, or when it is the first of a group.
    """
    many = {"audience_key": audience_key, "since_ms": now_ms - WINDOW_MS}
    if conn.scalar(_MANY, many) is None:
        return None
    near = conn.execute(_NOWHERE if record.point is None else _NEAR, _around(record, audience_key, now_ms))
    for row in near.mappings():
        group = _group(row)
        if group.takes(record, audience_key, now_ms):
            grown = group.with_one_more(record, now_ms)
            conn.execute(_GROW, {"b_head_id": group.head_id, **_state(grown)})
            return group.head_id
    group = Group.of(record, audience_key, now_ms)
    begun = {"head_id": group.head_id, "source": group.source, "audience_key": audience_key, **_state(group)}
    conn.execute(_BEGIN, begun)
    return None


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


def _state(group: Group) -> dict[str, object]:
    lat, lon = (group.point.lat, group.point.lon) if group.point else (None, None)
    return {"lat": lat, "lon": lon, "last_ms": group.last_ms, "count": group.count}


def _group(row: RowMapping) -> Group:
    point = None if row["lat"] is None else Point(row["lat"], row["lon"])
    return Group(row["head_id"], row["source"], row["audience_key"], point, row["last_ms"], row["count"])
