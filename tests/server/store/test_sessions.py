from dataclasses import replace

import pytest

from server.store import people, sessions
from server.store.db import Database
from server.store.sessions import Session
from tests.server.samples import HOUR_MS, NOW_MS, OKAFOR, REYES

SESSION = Session("5e55", REYES, "tablet-1", NOW_MS, NOW_MS, NOW_MS + 12 * HOUR_MS)


@pytest.fixture(autouse=True)
async def seeded(database: Database) -> None:
    await database.write(lambda conn: people.seed(conn, [(REYES, "h"), (OKAFOR, "h")], now_ms=NOW_MS))


async def find(database: Database, session_id: str = "5e55") -> Session | None:
    return await database.read(lambda conn: sessions.find(conn, session_id))


async def test_a_session_comes_back_as_it_was(database: Database) -> None:
    await database.write(lambda conn: sessions.add(conn, SESSION))
    assert await find(database) == SESSION
    assert await find(database, "none") is None


async def test_its_last_use_is_noted(database: Database) -> None:
    await database.write(lambda conn: sessions.add(conn, SESSION))
    await database.write(lambda conn: sessions.add(conn, replace(SESSION, id="another")))
    await database.write(lambda conn: sessions.touch(conn, ["5e55", "none"], NOW_MS + 7))
    found, another = await find(database), await find(database, "another")
    assert found is not None
    assert found.last_seen_ms == NOW_MS + 7
    assert another is not None
    assert another.last_seen_ms == SESSION.last_seen_ms


async def test_all_that_live_are_known_and_those_of_the_disabled_are_not(database: Database) -> None:
    await database.write(lambda conn: sessions.add(conn, SESSION))
    await database.write(lambda conn: sessions.add(conn, replace(SESSION, id="other", person=OKAFOR)))
    assert await database.read(sessions.living) == {"5e55", "other"}
    await database.write(lambda conn: people.seed(conn, [(SESSION.person, "h")], now_ms=NOW_MS))
    assert await database.read(sessions.living) == {"5e55"}


async def test_it_ends_alone_or_with_all_of_its_person(database: Database) -> None:
    for session_id, person in (("a", REYES), ("b", REYES), ("c", REYES), ("d", OKAFOR)):
        session = Session(session_id, person, "tablet", NOW_MS, NOW_MS, NOW_MS + HOUR_MS)
        await database.write(lambda conn, session=session: sessions.add(conn, session))  # type: ignore[misc]
    await database.write(lambda conn: sessions.end(conn, "a"))
    assert await find(database, "a") is None
    assert await find(database, "b") is not None
    await database.write(lambda conn: sessions.end_of(conn, REYES.id))
    assert [await find(database, session_id) for session_id in "bc"] == [None, None]
    assert await find(database, "d") is not None


async def test_what_has_run_out_is_forgotten(database: Database) -> None:
    rows = {"over": (NOW_MS, NOW_MS), "idle": (NOW_MS - 8 * HOUR_MS, NOW_MS + 1), "good": (NOW_MS, NOW_MS + 1)}
    for session_id, (seen_ms, ends_ms) in rows.items():
        session = Session(session_id, REYES, "tablet", 0, seen_ms, ends_ms)
        await database.write(lambda conn, session=session: sessions.add(conn, session))  # type: ignore[misc]
    await database.write(
        lambda conn: sessions.forget_ended(conn, ended_before_ms=NOW_MS, seen_before_ms=NOW_MS - 8 * HOUR_MS)
    )
    assert [session_id for session_id in rows if await find(database, session_id)] == ["good"]


def test_its_actor_names_person_device_and_address() -> None:
    actor = SESSION.actor("10.0.0.12")
    assert (actor.id, actor.device, actor.address) == ("officer-12", "tablet-1", "10.0.0.12")
