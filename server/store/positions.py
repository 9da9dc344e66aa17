"""Positions: where everybody was last, one row for each."""

from collections.abc import Mapping

from sqlalchemy import Connection, select, text

from server.core.positions import Position
from server.store import tables
from streams.geo import Point

# SQLite and PostgreSQL agree on these words; SQLAlchemy has them for each of the two only.
_KEEP = text(
    "INSERT INTO positions (person, lat, lon, accuracy_m, at_ms) VALUES (:person, :lat, :lon, :accuracy_m, :at_ms)"
    " ON CONFLICT (person) DO UPDATE SET"
    " lat = excluded.lat, lon = excluded.lon, accuracy_m = excluded.accuracy_m, at_ms = excluded.at_ms"
    " WHERE positions.at_ms < excluded.at_ms"
)


def everything(conn: Connection) -> dict[str, Position]:
    """By person."""
    return {
        row.person: Position(Point(row.lat, row.lon), row.accuracy_m, row.at_ms)
        for row in conn.execute(select(tables.positions))
    }


def keep(conn: Connection, positions: Mapping[str, Position]) -> None:
    """Replace what is older; what is newer stays."""
    if positions:
        conn.execute(_KEEP, [{"person": person, **position.to_wire()} for person, position in positions.items()])
