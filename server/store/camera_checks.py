"""CameraChecks: reference pictures, what was found by comparing with them, and what is to be checked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, select, text

from server.core.people import Actor
from server.core.picture_checks import Check
from server.store import audit, tables
from server.store.standings import chunks

# SQLite and PostgreSQL agree on these words; SQLAlchemy has them for each of the two only.
_SET_REFERENCE = text(
    "INSERT INTO camera_references (camera, jpeg, masks, at_ms, set_by)"
    " VALUES (:camera, :jpeg, :masks, :at_ms, :set_by)"
    " ON CONFLICT (camera) DO UPDATE SET"
    " jpeg = excluded.jpeg, masks = excluded.masks, at_ms = excluded.at_ms, set_by = excluded.set_by"
)
_ADD = text(
    "INSERT INTO camera_checks (camera, at_ms, asked_by, record) VALUES (:camera, :at_ms, :asked_by, :record)"
    " ON CONFLICT (camera, at_ms) DO NOTHING"
)
_ORDER = text(
    "INSERT INTO camera_check_orders (camera, at_ms, asked_by) VALUES (:camera, :at_ms, :asked_by)"
    " ON CONFLICT (camera) DO NOTHING"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """How a camera's picture should look."""

    camera: str
    jpeg: bytes
    masks: str
    """``masks_key`` of those that are burnt into it."""
    at_ms: int
    set_by: str
    """A person; "" when it was the first good check."""


@dataclass(frozen=True, slots=True)
class CheckOrder:
    """Somebody wants a camera checked."""

    camera: str
    at_ms: int
    asked_by: str


def reference(conn: Connection, camera: str, masks: str) -> Reference | None:
    """One that was made with other masks is none."""
    columns = tables.camera_references.c
    row = conn.execute(select(tables.camera_references).where(columns.camera == camera, columns.masks == masks)).first()
    return None if row is None else Reference(row.camera, bytes(row.jpeg), row.masks, row.at_ms, row.set_by)


def reference_times(conn: Connection) -> Mapping[str, tuple[str, int, str]]:
    """Masks, time and by whom, by camera."""
    columns = tables.camera_references.c
    rows = conn.execute(select(columns.camera, columns.masks, columns.at_ms, columns.set_by))
    return {row.camera: (row.masks, row.at_ms, row.set_by) for row in rows}


def set_reference(conn: Connection, new: Reference, actor: Actor | None = None) -> None:
    """Instead of the one before. With an ``actor`` it is on record."""
    row = {"camera": new.camera, "jpeg": new.jpeg, "masks": new.masks, "at_ms": new.at_ms, "set_by": new.set_by}
    conn.execute(_SET_REFERENCE, row)
    if actor is not None:
        audit.append(conn, actor, "camera.reference_set", f"camera:{new.camera}", now_ms=new.at_ms)


def add(conn: Connection, check: Check, actor: Actor | None = None) -> None:
    """What was found; with it is done what was asked for before. With an ``actor`` it is on record."""
    row = {"camera": check.camera, "at_ms": check.at_ms, "asked_by": check.asked_by, "record": check.to_text()}
    conn.execute(_ADD, row)
    orders = tables.camera_check_orders
    conn.execute(delete(orders).where(orders.c.camera == check.camera, orders.c.at_ms <= check.at_ms))
    if actor is not None:
        details = {"outcome": str(check.outcome), "faults": [str(finding.fault) for finding in check.findings]}
        audit.append(conn, actor, "camera.checked", f"camera:{check.camera}", details, now_ms=check.at_ms)


def latest(conn: Connection, *, since_ms: int = 0) -> dict[str, Check]:
    """The last check of each camera, those since then."""
    columns = tables.camera_checks.c
    last = (
        select(columns.camera, func.max(columns.at_ms).label("at_ms"))
        .where(columns.at_ms >= since_ms)
        .group_by(columns.camera)
        .subquery()
    )
    query = select(tables.camera_checks).join(last, (columns.camera == last.c.camera) & (columns.at_ms == last.c.at_ms))
    return {row.camera: Check.from_text(*row) for row in conn.execute(query)}


def history(conn: Connection, camera: str, *, limit: int) -> list[Check]:
    """Of one camera, newest first."""
    columns = tables.camera_checks.c
    query = select(tables.camera_checks).where(columns.camera == camera).order_by(columns.at_ms.desc()).limit(limit)
    return [Check.from_text(*row) for row in conn.execute(query)]


def order(conn: Connection, cameras: Iterable[str], actor: Actor, *, now_ms: int) -> None:
    """Have them checked, by whichever server does that; on record. What is ordered already stays so."""
    rows = [{"camera": camera, "at_ms": now_ms, "asked_by": actor.id} for camera in cameras]
    if rows:
        conn.execute(_ORDER, rows)
        audit.append(conn, actor, "camera.checks_ordered", "cameras", {"cameras": len(rows)}, now_ms=now_ms)


def orders(conn: Connection) -> list[CheckOrder]:
    """Oldest first."""
    columns = tables.camera_check_orders.c
    rows = conn.execute(select(tables.camera_check_orders).order_by(columns.at_ms, columns.camera))
    return [CheckOrder(row.camera, row.at_ms, row.asked_by) for row in rows]


def cancel(conn: Connection, cameras: Sequence[str]) -> None:
    """Forget what was ordered of them: there is no such camera any more."""
    columns = tables.camera_check_orders.c
    for chunk in chunks(cameras):
        conn.execute(delete(tables.camera_check_orders).where(columns.camera.in_(chunk)))


def forget(conn: Connection, *, before_ms: int) -> None:
    """But for the last of each camera."""
    columns = tables.camera_checks.c
    other = tables.camera_checks.alias()
    newer = select(other.c.at_ms).where(other.c.camera == columns.camera, other.c.at_ms > columns.at_ms).exists()
    conn.execute(delete(tables.camera_checks).where(columns.at_ms < before_ms, newer))
