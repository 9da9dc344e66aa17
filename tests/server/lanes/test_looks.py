"""Looks on record."""

import asyncio
import json

import pytest
from sqlalchemy import Connection, text

from server.errors import LogUnavailable
from server.lanes import looks
from server.lanes.looks import Looks
from server.store import audit
from server.store.db import Database
from tests.server.samples import AT_THE_DESK, NOW_MS
from tests.streams.until import until


async def actions(db: Database) -> list[str]:
    return [entry.action for entry in await db.read(audit.page)]


def limit_pages(conn: Connection, spare: int) -> None:
    pages = conn.scalar(text("PRAGMA page_count")) or 0
    conn.execute(text(f"PRAGMA max_page_count = {pages + spare}"))


async def test_a_look_that_can_not_be_put_on_record_does_not_begin(sqlite_database: Database) -> None:
    await sqlite_database.close()
    with pytest.raises(LogUnavailable):
        await Looks(sqlite_database, now_ms=lambda: NOW_MS).begin(AT_THE_DESK, "main-4th", "wall")


async def test_the_end_of_a_look_is_kept_until_the_log_takes_it(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looks, "RETRY_S", 0.01)
    record = Looks(sqlite_database, now_ms=lambda: NOW_MS)
    look = await record.begin(AT_THE_DESK, "main-4th", "wall")
    await sqlite_database.write(lambda conn: limit_pages(conn, 0))
    running = asyncio.create_task(record.run())
    for _ in range(200):
        record.end(look, frames=3, skipped=0, why="closed")
    with pytest.raises(TimeoutError):
        await until(lambda: False, timeout_s=0.2)
    assert await actions(sqlite_database) == ["camera.watch_started"]
    await sqlite_database.write(lambda conn: limit_pages(conn, 10_000))
    async with asyncio.timeout(10):
        while len(await actions(sqlite_database)) < 201:
            pass
    running.cancel()


async def test_what_waits_is_written_when_the_server_stops(sqlite_database: Database) -> None:
    record = Looks(sqlite_database, now_ms=lambda: NOW_MS)
    record.refuse(AT_THE_DESK, "main-4th", "curious")
    await record.close()
    assert await actions(sqlite_database) == ["camera.watch_refused"]


async def test_what_waits_is_written_once_though_it_is_being_written_when_the_server_stops(
    sqlite_database: Database,
) -> None:
    record = Looks(sqlite_database, now_ms=lambda: NOW_MS)
    running = asyncio.create_task(record.run())
    for _ in range(10):
        record.refuse(AT_THE_DESK, "main-4th", "curious")
        await asyncio.sleep(0)
    record.refuse(AT_THE_DESK, "main-4th", "last")
    await record.close()
    running.cancel()
    purposes = [json.loads(entry.details)["purpose"] for entry in await sqlite_database.read(audit.page)]
    assert purposes == ["curious"] * 10 + ["last"]
