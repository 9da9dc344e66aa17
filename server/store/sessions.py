"""Sessions: who is signed in, on which device, until when."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from server.core.people import Actor, Person, Right, Role
from server.store import tables

_CHUNK = 500
"""Ids in one statement."""
_LIVING = (
    select(tables.sessions.c.id)
    .join(tables.people, tables.people.c.id == tables.sessions.c.person)
    .where(tables.people.c.disabled_ms.is_(None))
)


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in. ``id`` is a hash of the token and is no secret."""

    id: str
    person: Person
    device: str
    opened_ms: int
    last_seen_ms: int
    ends_ms: int
    """The latest end, whatever happens; idle sessions end earlier."""

    def actor(self, address: str = "") -> Actor:
        """In whose name a request of this session is done."""
        return Actor(self.person, self.device, address)


def add(conn: Connection, session: Session) -> None:
    row = {
        "id": session.id,
        "person": session.person.id,
        "device": session.device,
        "opened_ms": session.opened_ms,
        "last_seen_ms": session.last_seen_ms,
        "ends_ms": session.ends_ms,
    }
    conn.execute(insert(tables.sessions), row)


def find(conn: Connection, session_id: str) -> Session | None:
    """None also when its person is disabled. Whether it has run out is for the caller to see."""
    return find_all(conn, [session_id]).get(session_id)


def find_all(conn: Connection, session_ids: Iterable[str]) -> dict[str, Session]:
    """Those of these that there are, by id; without those whose person is disabled."""
    sessions, people = tables.sessions.c, tables.people.c
    of_person = (people.name, people.role, people.unit, people.duty, people.beat, people.agency, people.rights)
    query = (
        select(tables.sessions, *of_person)
        .join(tables.people, people.id == sessions.person)
        .where(people.disabled_ms.is_(None))
    )
    rest = iter(session_ids)
    found = {}
    while chunk := list(islice(rest, _CHUNK)):
        for row in conn.execute(query.where(sessions.id.in_(chunk))):
            found[row.id] = _session(row)
    return found


def _session(row: Row[Any]) -> Session:
    rights = Right.read(row.rights)
    person = Person(row.person, row.name, Role(row.role), row.unit, row.duty, row.beat, row.agency, rights)
    return Session(row.id, person, row.device, row.opened_ms, row.last_seen_ms, row.ends_ms)


def living(conn: Connection) -> set[str]:
    """Ids of all that there are, without those whose person is disabled."""
    return set(conn.scalars(_LIVING))


def touch(conn: Connection, session_ids: Iterable[str], now_ms: int) -> None:
    """Note that they were used."""
    rest = iter(session_ids)
    while chunk := list(islice(rest, _CHUNK)):
        conn.execute(update(tables.sessions).where(tables.sessions.c.id.in_(chunk)).values(last_seen_ms=now_ms))


def end(conn: Connection, session_id: str) -> None:
    conn.execute(delete(tables.sessions).where(tables.sessions.c.id == session_id))


def end_of(conn: Connection, person_id: str) -> None:
    """End every session of a person."""
    conn.execute(delete(tables.sessions).where(tables.sessions.c.person == person_id))


def forget_ended(conn: Connection, *, ended_before_ms: int, seen_before_ms: int) -> None:
    """Delete the rows of those that can't be used any more."""
    columns = tables.sessions.c
    conn.execute(
        delete(tables.sessions).where((columns.ends_ms <= ended_before_ms) | (columns.last_seen_ms <= seen_before_ms))
    )
