from sqlalchemy import text

from server.store.db import Database


async def test_sqlite_is_durable_and_checks_its_keys(sqlite_database: Database) -> None:
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}
    for call in (sqlite_database.write, sqlite_database.read):
        found = await call(lambda conn: {name: conn.scalar(text(f"PRAGMA {name}")) for name in expected})
        assert found == expected


async def test_postgresql_is_durable_and_never_waits_for_ever(postgresql_url: str) -> None:
    database = await Database.open(postgresql_url)
    expected = {"synchronous_commit": "on", "statement_timeout": "10s", "lock_timeout": "5s"}
    isolation = {database.write: "read committed", database.read: "repeatable read"}
    for call, level in isolation.items():
        found = await call(lambda conn: {name: conn.scalar(text(f"SHOW {name}")) for name in expected})
        assert found == expected
        assert await call(lambda conn: conn.scalar(text("SHOW transaction_isolation"))) == level
    await database.close()
