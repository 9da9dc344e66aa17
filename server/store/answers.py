"""Answers: what commands of people were answered, kept for as long as somebody may ask again with the same id."""

from collections.abc import Sequence

from sqlalchemy import Connection, bindparam, delete, select

from server.store import tables

TABLES = (tables.commands, tables.receipt_commands)

_OLD = {
    table: select(table.c.person, table.c.id)
    .where(table.c.received_ms < bindparam("before_ms"))
    .limit(bindparam("limit"))
    for table in TABLES
}
_FORGET = {
    table: delete(table).where(table.c.person == bindparam("b_person"), table.c.id == bindparam("b_id"))
    for table in TABLES
}

Name = tuple[str, str]
"""Person, and the id that he made."""


def old(conn: Connection, before_ms: int, limit: int) -> list[tuple[Name, ...]]:
    """For each of ``TABLES``, at most ``limit`` that came before that moment."""
    return [
        tuple((row.person, row.id) for row in conn.execute(_OLD[table], {"before_ms": before_ms, "limit": limit}))
        for table in TABLES
    ]


def forget(conn: Connection, names: Sequence[Sequence[Name]]) -> None:
    """Those that ``old`` has found. What was done stays in the log and in the audit."""
    for table, found in zip(TABLES, names, strict=True):
        if found:
            conn.execute(_FORGET[table], [{"b_person": person, "b_id": command_id} for person, command_id in found])
