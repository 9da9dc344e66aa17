import uuid

from sqlalchemy import Connection

from server.core.audience import EVERYBODY
from server.core.entry import Entry
from server.store import log
from server.store.db import Database
from tests.server.samples import NOW_MS


async def test_entries_come_back_as_they_were_in_order(database: Database) -> None:
    def fill(conn: Connection) -> list[Entry]:
        return [
            log.append(conn, "alert", {"alert": {"headline": "Schüsse ☂ 'quoted'"}}, EVERYBODY, NOW_MS),
            log.append(conn, "push", {"push": {"note": None}}, EVERYBODY, NOW_MS + 1),
            log.append(conn, "receipts", {"receipts": [1, 2.5, True]}, EVERYBODY, NOW_MS + 2),
        ]

    written = await database.write(fill)
    assert [entry.position for entry in written] == [1, 2, 3]
    assert await database.read(lambda conn: log.entries_after(conn, 0)) == written
    assert await database.read(log.head) == 3


async def test_only_what_follows_is_read_and_no_more_than_asked_for(database: Database) -> None:
    def fill(conn: Connection) -> None:
        for _ in range(5):
            log.append(conn, "alert", {"alert": {}}, EVERYBODY, NOW_MS)

    await database.write(fill)
    entries = await database.read(lambda conn: log.entries_after(conn, 1, limit=2))
    assert [entry.position for entry in entries] == [2, 3]
    assert await database.read(lambda conn: log.entries_after(conn, 5)) == []
    assert await database.read(lambda conn: log.entries_after(conn, 99)) == []


async def test_an_empty_log_is_at_0_and_has_a_name(database: Database) -> None:
    assert await database.read(log.head) == 0
    name = await database.read(log.installation)
    assert str(uuid.UUID(name)) == name
