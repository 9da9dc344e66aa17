from sqlalchemy import Connection, select

from server.store import failures, tables
from server.store.db import Database
from tests.server.samples import NOW_MS


async def times(database: Database, username: str, since_ms: int = 0) -> list[int]:
    return await database.read(lambda conn: failures.times(conn, username, since_ms=since_ms))


async def test_failures_are_counted_for_each_account(database: Database) -> None:
    def fail(conn: Connection) -> None:
        for at_ms, username in ((2, "operator"), (1, "operator"), (3, "admin"), (2, "operator")):
            failures.add(conn, username, NOW_MS + at_ms)

    await database.write(fail)
    assert await times(database, "operator") == [NOW_MS + 1, NOW_MS + 2, NOW_MS + 2]
    assert await times(database, "operator", since_ms=NOW_MS + 1) == [NOW_MS + 2, NOW_MS + 2]
    assert await times(database, "Operator") == []
    await database.write(lambda conn: failures.clear(conn, "operator"))
    assert await times(database, "operator") == []
    await database.write(lambda conn: failures.forget(conn, before_ms=NOW_MS + 3))
    assert await times(database, "admin") == []


async def test_a_password_in_the_field_of_the_user_name_is_not_kept(database: Database) -> None:
    await database.write(lambda conn: failures.add(conn, "hunter2", NOW_MS))
    rows = await database.read(lambda conn: conn.execute(select(tables.sign_in_failures)).all())
    assert "hunter2" not in str(rows)
