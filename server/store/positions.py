"""Positions: where everybody was last, one row for each."""

from collections.abc import Mapping

from sqlalchemy import Connection, bindparam, delete, insert, select

from server.core.positions import Position
from server.store import tables
from streams.geo import Point

_FORGET = delete(tables.positions).where(
    tables.positions.c.person == bindparam("b_person"), tables.positions.c.at_ms < bindparam("b_at_ms")
)
_KNOWN = select(tables.positions.c.person)


def everything(conn: Connection) -> dict[str, Position]:
    """By person."""
    return {
        row.person: Position(Point(row.lat, row.lon), row.accuracy_m, row.at_ms)
        for row in conn.execute(select(tables.positions))
    }


def keep(conn: Connection, positions: Mapping[str, Position]) -> None:
    """Replace what is older; what is newer stays."""
    if not positions:
        return
    older = [{"b_person": person, "b_at_ms": position.at_ms} for person, position in positions.items()]
    conn.execute(_FORGET, older)
    known = set(conn.scalars(_KNOWN))
    rows = [{"person": person, **position.to_wire()} for person, position in positions.items() if person not in known]
    if rows:
        conn.execute(insert(tables.positions), rows)
