"""Rows that wait for the end of their transaction, and what transactions have read once."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy import Connection

from server.core.audience import EVERYBODY
from server.core.people import Actor
from server.store import audit, heads, log
from server.store.db import Database
from tests.server.samples import NOW_MS

Open = Callable[[str], Awaitable[Database]]


def appending(*names: str, fails: bool = False) -> Callable[[Connection], list[int]]:
    def work(conn: Connection) -> list[int]:
        entries = [log.append(conn, "probe", {"probe": {"name": name}}, EVERYBODY, NOW_MS) for name in names]
        for name in names:
            audit.append(conn, Actor(), "test.done", name, now_ms=NOW_MS)
        if fails:
            raise ZeroDivisionError
        return [entry.position for entry in entries]

    return work


async def test_what_waits_is_there_when_it_is_read_in_the_same_transaction(database: Database) -> None:
    def work(conn: Connection) -> tuple[int, int, int]:
        appending("a", "b")(conn)
        return log.head(conn), len(log.entries_after(conn, 0)), audit.verify(conn, 1).checked

    assert await database.write(work) == (2, 2, 1)
    assert await database.read(log.head) == 2


async def test_nothing_is_left_of_a_transaction_that_was_rolled_back(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        await database.write(appending("a", "b", fails=True))
    assert await database.write(appending("c")) == [1]
    assert [entry.subject for entry in await database.read(audit.page)] == ["c"]


async def test_what_another_process_wrote_is_behind_what_we_write_next(database_url: str, open_database: Open) -> None:
    one, other = await open_database(database_url), await open_database(database_url)
    positions = [await database.write(appending("x", "y")) for database in (one, other, one)]
    assert positions == [[1, 2], [3, 4], [5, 6]]
    assert (await one.read(audit.verify)).is_whole


async def test_what_stands_is_read_once_in_a_transaction(database: Database) -> None:
    reads: list[int] = []

    def read(_conn: Connection) -> int:
        reads.append(1)
        return 7

    def work(conn: Connection) -> list[int]:
        first = heads.of(conn, "test", read)
        heads.moved(conn, "test", 8)
        return [first, heads.of(conn, "test", read)]

    assert await database.write(work) == [7, 8]
    assert await database.write(work) == [7, 8], "another transaction asks again"
    assert len(reads) == 2
