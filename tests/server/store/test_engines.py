import asyncio
import sys
from asyncio.subprocess import PIPE

import pytest
from sqlalchemy import Connection, text

from server.store import engines
from server.store.db import Database


async def test_sqlite_is_durable_and_checks_its_keys(sqlite_database: Database) -> None:
    # Who writes waits for the lock in his own way.
    for call, busy_ms in ((sqlite_database.write, 0), (sqlite_database.read, 5000)):
        expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": busy_ms}
        assert await call(_pragmas) == expected


def _pragmas(conn: Connection) -> dict[str, object]:
    names = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    return {name: conn.scalar(text(f"PRAGMA {name}")) for name in names}


async def test_postgresql_is_durable_and_never_waits_for_ever(postgresql_url: str) -> None:
    database = await Database.open(postgresql_url)
    expected = {
        "synchronous_commit": "on",
        "statement_timeout": "10s",
        "lock_timeout": "5s",
        "idle_in_transaction_session_timeout": "3s",
    }
    isolation = {database.write: "read committed", database.read: "repeatable read"}
    for call, level in isolation.items():
        found = await call(lambda conn: {name: conn.scalar(text(f"SHOW {name}")) for name in expected})
        assert found == expected
        assert await call(lambda conn: conn.scalar(text("SHOW transaction_isolation"))) == level
    await database.close()


async def test_who_vanishes_with_the_log_of_postgresql_in_his_hands_loses_it(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "IDLE_IN_TRANSACTION_MS", 100)
    frozen = engines.writer(postgresql_url)
    with frozen.connect() as conn:
        engines.take_turn(conn)
        database = await Database.open(postgresql_url)
        await database.write(lambda conn: conn.execute(text("UPDATE installation SET id = 'another one'")))
        await database.close()
        conn.invalidate()
    frozen.dispose()


_READ = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT id FROM installation').fetchone()[0])"


async def _read_in_another_process(url: str) -> str:
    file = url.removeprefix("sqlite:///")
    other = await asyncio.create_subprocess_exec(sys.executable, "-c", _READ, file, stdout=PIPE)
    said, _ = await other.communicate()
    return said.decode().strip()


async def test_another_process_that_leaves_does_not_take_the_log_away(sqlite_url: str) -> None:
    """It would take itself for the last one, and remove the journal under us, had we lost our lock on the file."""
    database = await Database.open(sqlite_url)
    await _read_in_another_process(sqlite_url)
    await database.write(lambda conn: conn.execute(text("UPDATE installation SET id = 'kept'")))
    assert await _read_in_another_process(sqlite_url) == "kept"
    await database.close()
