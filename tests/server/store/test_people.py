from dataclasses import replace

import pytest

from server.core.people import Person, Right, Role
from server.store import audit, people, sessions
from server.store.db import Database
from server.store.people import Seeded
from server.store.sessions import Session
from tests.server.samples import EVERYBODY, HOUR_MS, NOW_MS, OKAFOR, OPERATOR, REYES

HASHED = [(person, f"hash of {person.id}") for person in EVERYBODY]


async def seed(database: Database, wanted: list[tuple[Person, str]]) -> Seeded:
    return await database.write(lambda conn: people.seed(conn, wanted, now_ms=NOW_MS))


async def sign_in(database: Database, person: Person) -> None:
    session = Session(f"session of {person.id}", person, "tablet", NOW_MS, NOW_MS, NOW_MS + HOUR_MS)
    await database.write(lambda conn: sessions.add(conn, session))


async def signed_in(database: Database) -> set[str]:
    found = [
        await database.read(lambda conn, wanted=f"session of {person.id}": sessions.find(conn, wanted))  # type: ignore[misc]
        for person in EVERYBODY
    ]
    return {session.person.id for session in found if session}


async def test_everybody_of_the_configuration_can_be_found(database: Database) -> None:
    assert len((await seed(database, HASHED)).added) == len(EVERYBODY)
    assert await database.read(people.everybody) == sorted(EVERYBODY, key=lambda person: person.id)
    assert await database.read(lambda conn: people.find(conn, "officer-12")) == REYES
    assert await database.read(lambda conn: people.find_with_hash(conn, "officer-12")) == (REYES, "hash of officer-12")
    assert await database.read(lambda conn: people.find(conn, "nobody")) is None


async def test_the_same_again_changes_nothing(database: Database) -> None:
    await seed(database, HASHED)
    await sign_in(database, REYES)
    before = await database.read(audit.page)
    assert await seed(database, HASHED) == Seeded((), (), ())
    assert await database.read(audit.page) == before
    assert await signed_in(database) == {"officer-12"}


@pytest.mark.parametrize(
    ("changed", "password_hash", "fields", "stays_signed_in"),
    [
        (replace(REYES, name="Ana Reyes"), "hash of officer-12", '["name"]', True),
        (replace(REYES, unit="9"), "hash of officer-12", '["unit"]', False),
        (replace(REYES, role=Role.OPERATOR), "hash of officer-12", '["role"]', False),
        (replace(REYES, duty="supervisor"), "hash of officer-12", '["duty"]', False),
        (replace(REYES, beat="north", agency="pd"), "hash of officer-12", '["agency","beat"]', False),
        (replace(REYES, rights=frozenset({Right.LIFT_MASKS})), "hash of officer-12", '["rights"]', False),
        (REYES, "another hash", '["password"]', False),
    ],
)
async def test_a_change_is_on_record_and_ends_sessions_unless_it_is_the_name(
    database: Database, changed: Person, password_hash: str, fields: str, stays_signed_in: bool
) -> None:
    await seed(database, HASHED)
    await sign_in(database, REYES)
    await sign_in(database, OKAFOR)
    wanted = [pair for pair in HASHED if pair[0] != REYES]
    assert await seed(database, [*wanted, (changed, password_hash)]) == Seeded((), ("officer-12",), ())
    assert await database.read(lambda conn: people.find_with_hash(conn, "officer-12")) == (changed, password_hash)
    assert await signed_in(database) == ({"officer-12", "officer-7"} if stays_signed_in else {"officer-7"})
    entry = (await database.read(audit.page))[-1]
    assert (entry.action, entry.subject) == ("person.changed", "officer-12")
    assert f'"fields":{fields}' in entry.details
    assert "hash of" not in entry.details


async def test_one_who_is_not_named_any_more_is_disabled_and_not_deleted(database: Database) -> None:
    await seed(database, HASHED)
    await sign_in(database, REYES)
    staying = [pair for pair in HASHED if pair[0] != REYES]
    assert await seed(database, staying) == Seeded((), (), ("officer-12",))
    assert await database.read(lambda conn: people.find(conn, "officer-12")) is None
    assert REYES not in await database.read(people.everybody)
    assert "officer-12" in await database.read(people.hashes)
    assert await signed_in(database) == set()
    assert (await database.read(audit.page))[-1].action == "person.disabled"
    assert await seed(database, staying) == Seeded((), (), ())


async def test_one_who_comes_back_can_be_found_again(database: Database) -> None:
    await seed(database, HASHED)
    await seed(database, [(OPERATOR, "hash of operator")])
    assert set((await seed(database, HASHED)).changed) == {person.id for person in EVERYBODY} - {"operator"}
    assert await database.read(lambda conn: people.find(conn, "officer-12")) == REYES


async def test_a_right_is_part_of_who_has_signed_in(database: Database) -> None:
    trusted = replace(REYES, rights=frozenset({Right.LIFT_MASKS}))
    await seed(database, [(trusted, "hash")])
    await sign_in(database, trusted)
    session = await database.read(lambda conn: sessions.find(conn, "session of officer-12"))
    assert session is not None
    assert session.person == trusted
