"""People: kept as the configuration names them. One who is not named any more is disabled, never deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from server.core.people import Actor, Person, Right, Role
from server.store import audit, sessions, tables


@dataclass(frozen=True, slots=True)
class Seeded:
    """Ids of the people whose row was changed."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    disabled: tuple[str, ...]


def seed(conn: Connection, people: Sequence[tuple[Person, str]], *, now_ms: int) -> Seeded:
    """Make the table agree with ``people``, each with the hash of the password. The same again changes nothing.

    Sessions end of whoever is disabled or gets another role, unit or password.
    """
    columns = tables.people.c
    known = {row.id: row for row in conn.execute(select(tables.people))}
    added, changed, disabled = [], [], []
    for person, password_hash in people:
        row = {name: getattr(person, name) for name in ("name", "role", "unit", "duty", "beat", "agency")}
        row |= {"role": person.role.value, "rights": Right.write(person.rights), "password_hash": password_hash}
        before = known.pop(person.id, None)
        if before is None:
            conn.execute(insert(tables.people), {"id": person.id, **row})
            audit.append(conn, Actor(), "person.added", person.id, {"role": person.role.value}, now_ms=now_ms)
            added.append(person.id)
            continue
        fields = [name for name, value in row.items() if getattr(before, name) != value]
        if before.disabled_ms is not None:
            fields.append("disabled")
        if fields:
            change = update(tables.people).where(columns.id == person.id).values(**row, disabled_ms=None)
            conn.execute(change)
            if fields != ["name"]:
                sessions.end_of(conn, person.id)
            details = {"fields": sorted(name.removesuffix("_hash") for name in fields), "role": person.role.value}
            audit.append(conn, Actor(), "person.changed", person.id, details, now_ms=now_ms)
            changed.append(person.id)
    for person_id, before in known.items():
        if before.disabled_ms is None:
            conn.execute(update(tables.people).where(columns.id == person_id).values(disabled_ms=now_ms))
            sessions.end_of(conn, person_id)
            audit.append(conn, Actor(), "person.disabled", person_id, now_ms=now_ms)
            disabled.append(person_id)
    return Seeded(tuple(added), tuple(changed), tuple(disabled))


def find(conn: Connection, person_id: str) -> Person | None:
    """None also for one who is disabled."""
    found = find_with_hash(conn, person_id)
    return found[0] if found else None


def find_with_hash(conn: Connection, person_id: str) -> tuple[Person, str] | None:
    """The person and the hash of the password; None also for one who is disabled."""
    columns = tables.people.c
    row = conn.execute(select(tables.people).where(columns.id == person_id, columns.disabled_ms.is_(None))).first()
    return (_person(row), row.password_hash) if row else None


def everybody(conn: Connection) -> list[Person]:
    """All who are not disabled, by id."""
    columns = tables.people.c
    rows = conn.execute(select(tables.people).where(columns.disabled_ms.is_(None)).order_by(columns.id))
    return [_person(row) for row in rows]


def _person(row: Row[Any]) -> Person:
    rights = Right.read(row.rights)
    return Person(row.id, row.name, Role(row.role), row.unit, row.duty, row.beat, row.agency, rights)


def hashes(conn: Connection) -> Mapping[str, str]:
    """The hash of everybody's password, of the disabled too, by id."""
    columns = tables.people.c
    return {row.id: row.password_hash for row in conn.execute(select(columns.id, columns.password_hash))}
