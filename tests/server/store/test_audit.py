import json

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from server.core.audit import Verification
from server.errors import LogUnavailable
from server.store import audit
from server.store.db import Database
from tests.server.samples import AT_THE_DESK, NOW_MS


def look(conn: Connection, count: int = 1) -> None:
    for number in range(count):
        details = {"purpose": "wall", "number": number}
        audit.append(conn, AT_THE_DESK, "camera.watched", "camera:main-4th", details, now_ms=NOW_MS + number)


async def test_an_entry_says_who_did_what_when_and_from_where(database: Database) -> None:
    await database.write(look)
    (entry,) = await database.read(audit.page)
    wire = entry.to_wire()
    assert wire.pop("hash") == entry.hash
    assert wire == {
        "id": 1,
        "at_ms": NOW_MS,
        "actor": "operator",
        "device": "console-3",
        "address": "10.0.0.3",
        "action": "camera.watched",
        "subject": "camera:main-4th",
        "details": {"purpose": "wall", "number": 0},
        "previous_hash": "0" * 64,
    }


async def test_it_is_read_a_page_at_a_time(database: Database) -> None:
    await database.write(lambda conn: look(conn, 7))
    assert [entry.id for entry in await database.read(lambda conn: audit.page(conn, 2, limit=3))] == [3, 4, 5]
    assert await database.read(lambda conn: audit.page(conn, 7)) == []


async def test_a_chain_longer_than_a_page_is_verified_whole_or_in_part(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "PAGE", 4)
    await database.write(lambda conn: look(conn, 12))
    assert await database.read(audit.verify) == Verification(12)
    assert await database.read(lambda conn: audit.verify(conn, 5)) == Verification(7)
    assert await database.read(lambda conn: audit.verify(conn, 5, limit=6)) == Verification(6)
    assert await database.read(lambda conn: audit.verify(conn, 12)) == Verification(0)
    assert await database.read(lambda conn: audit.verify(conn, 13)) == Verification(0, broken_at=13)


@pytest.mark.parametrize(
    "statement", ["UPDATE audit SET actor = 'nobody' WHERE id = 2", "DELETE FROM audit WHERE id = 2"]
)
async def test_the_database_refuses_to_change_it(database: Database, statement: str) -> None:
    await database.write(lambda conn: look(conn, 3))
    with pytest.raises((LogUnavailable, DBAPIError)) as refusal:
        await database.write(lambda conn: conn.execute(text(statement)))
    assert "only ever added to" in str(refusal.value) + str(refusal.value.__cause__)
    assert await database.read(audit.verify) == Verification(3)


@pytest.mark.parametrize(
    ("statement", "broken_at"),
    [("UPDATE audit SET actor = 'nobody' WHERE id = 2", 2), ("DELETE FROM audit WHERE id = 2", 2)],
)
async def test_who_changes_it_all_the_same_is_found_out(database: Database, statement: str, broken_at: int) -> None:
    def tamper(conn: Connection) -> None:
        if conn.dialect.name == "postgresql":
            conn.execute(text("SET LOCAL session_replication_role = replica"))
        else:
            conn.execute(text("DROP TRIGGER audit_no_update"))
            conn.execute(text("DROP TRIGGER audit_no_delete"))
        conn.execute(text(statement))

    await database.write(lambda conn: look(conn, 3))
    await database.write(tamper)
    assert (await database.read(audit.verify)).broken_at == broken_at


async def test_nothing_a_client_can_send_makes_it_fail(database: Database) -> None:
    nasty = "\0\ud800" * 500
    await database.write(
        lambda conn: audit.append(conn, AT_THE_DESK, "camera.watched", nasty, {"purpose": nasty}, now_ms=NOW_MS)
    )
    (entry,) = await database.read(audit.page)
    assert len(entry.subject) == 200
    assert json.loads(entry.details)
    assert await database.read(audit.verify) == Verification(1)
