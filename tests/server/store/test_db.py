import asyncio
import sqlite3
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import IntegrityError

from server.core.audience import EVERYBODY
from server.core.audit import Verification
from server.errors import LogUnavailable, PushUnknown
from server.store import alerts, audit, db, engines, intake, log
from server.store.db import Database
from server.store.intake import Raised
from streams.errors import ConfigError
from tests.server.postgres import Postgres
from tests.server.samples import AT_THE_DESK, NOW_MS, an_alert, of_the_sensor

Open = Callable[[str], Awaitable[Database]]


def raising(source_id: str, **fields: Any) -> Callable[[Connection], Raised]:
    """The work of an alert that comes in."""
    alert = an_alert(source_id, **fields)
    return lambda conn: intake.raise_alert(conn, alert, **of_the_sensor(raw=b"{}"))


def append_and_fail(conn: Connection) -> None:
    log.append(conn, "alert", {"alert": {}}, EVERYBODY, NOW_MS)
    audit.append(conn, AT_THE_DESK, "alert.raised", "alert:none", now_ms=NOW_MS)
    raise PushUnknown("There is no push 'x'.")


async def positions(database: Database) -> list[int]:
    return [entry.position for entry in await database.read(lambda conn: log.entries_after(conn, 0))]


async def test_what_was_written_is_there_when_write_returns(database: Database) -> None:
    raised = await database.write(raising("1"))
    assert raised.entry is not None
    assert await positions(database) == [raised.entry.position] == [1]


async def test_what_was_written_is_there_after_a_restart(database_url: str, open_database: Open) -> None:
    first = await open_database(database_url)
    name = await first.read(log.installation)
    await first.write(raising("1"))
    await first.close()
    second = await open_database(database_url)
    assert await positions(second) == [1]
    assert await second.read(log.installation) == name


async def test_work_that_raises_stores_nothing(database: Database) -> None:
    with pytest.raises(PushUnknown):
        await database.write(append_and_fail)
    assert await positions(database) == []
    assert await database.read(audit.page) == []


async def test_one_that_raises_does_not_harm_those_that_share_its_commit(database: Database) -> None:
    works: list[Callable[[Connection], Any]] = [raising(str(number)) for number in range(20)]
    works[7:7] = [append_and_fail]
    answers = await asyncio.gather(*(database.write(work) for work in works), return_exceptions=True)
    assert isinstance(answers.pop(7), PushUnknown)
    assert [answer.entry.position for answer in answers if isinstance(answer, Raised) and answer.entry] == [
        *range(1, 21)
    ]
    assert await positions(database) == [*range(1, 21)]
    assert (await database.read(audit.verify)).is_whole


async def test_a_bug_is_not_taken_for_an_outage(database: Database) -> None:
    with pytest.raises(ZeroDivisionError):
        await database.write(lambda conn: 1 // 0)
    await database.write(raising("1"))
    with pytest.raises(IntegrityError):
        await database.write(lambda conn: conn.execute(text("INSERT INTO log VALUES (1, 0, 'alert', '{}', NULL)")))
    await database.write(raising("2"))
    assert await positions(database) == [1, 2]


async def test_several_servers_keep_one_log_without_holes(database_url: str, open_database: Open) -> None:
    servers = [await open_database(database_url) for _ in range(3)]

    async def serve(server: Database, name: int) -> None:
        for number in range(15):
            await server.write(raising(f"{name}-{number}"))

    async with asyncio.TaskGroup() as group:
        for name, server in enumerate(servers):
            group.create_task(serve(server, name))
    assert await positions(servers[0]) == [*range(1, 46)]
    assert await servers[1].read(audit.verify) == Verification(45)
    numbers = [record.number for record in await servers[2].read(lambda conn: alerts.recent(conn, since_ms=0))]
    assert numbers == [*range(45, 0, -1)]


async def test_the_same_alert_at_two_servers_is_kept_once(database_url: str, open_database: Open) -> None:
    servers = [await open_database(database_url) for _ in range(2)]
    raised = await asyncio.gather(*(server.write(raising("same")) for server in servers * 5))
    assert sorted(answer.duplicate for answer in raised) == [False] + [True] * 9
    assert len({answer.record.id for answer in raised}) == 1
    assert await positions(servers[0]) == [1]


async def test_a_read_sees_one_moment(database: Database) -> None:
    has_looked, may_look_again = threading.Event(), threading.Event()

    def look_twice(conn: Connection) -> tuple[int, int]:
        before = log.head(conn)
        has_looked.set()
        may_look_again.wait(10)
        return before, log.head(conn)

    looking = asyncio.create_task(database.read(look_twice))
    await asyncio.to_thread(has_looked.wait, 10)
    await database.write(raising("1"))
    may_look_again.set()
    assert await looking == (0, 0)
    assert await database.read(log.head) == 1


async def test_a_read_cannot_write(database: Database) -> None:
    with pytest.raises(LogUnavailable):
        await database.read(raising("1"))
    assert await positions(database) == []


async def test_a_cancelled_write_that_has_not_begun_never_runs(database: Database) -> None:
    may_go_on = threading.Event()
    first = asyncio.create_task(database.write(lambda conn: may_go_on.wait(10)))
    second = asyncio.create_task(database.write(raising("1")))
    await asyncio.sleep(0)
    second.cancel()
    may_go_on.set()
    await first
    with pytest.raises(asyncio.CancelledError):
        await second
    assert await positions(database) == []


async def test_when_too_many_wait_the_next_is_refused_at_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "MAX_WAITING", 3)
    may_go_on = threading.Event()
    waiting = [asyncio.create_task(database.write(lambda conn: may_go_on.wait(10))) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(LogUnavailable, match="3 writes wait"):
        await database.write(raising("1"))
    may_go_on.set()
    await asyncio.gather(*waiting)
    await database.write(raising("1"))


async def test_a_database_that_does_not_answer_is_unavailable(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(db, "TIMEOUT_S", 0.05)
    may_go_on = threading.Event()
    for call in (database.write, database.read):
        with pytest.raises(LogUnavailable, match="no answer"):
            await call(lambda conn: may_go_on.wait(10))
    may_go_on.set()


async def test_a_writer_of_another_process_is_waited_for_but_not_for_ever(
    database_url: str, open_database: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_MS", 100)
    database = await open_database(database_url)
    blocker = await asyncio.to_thread(_hold_the_log, database_url)
    with pytest.raises(LogUnavailable) as outage:
        await database.write(raising("1"))
    assert outage.value.__cause__ is not None
    await asyncio.to_thread(blocker.close)
    await database.write(raising("1"))
    assert await positions(database) == [1]


def _hold_the_log(url: str) -> sqlite3.Connection | psycopg.Connection:
    if url.startswith("sqlite"):
        blocker = sqlite3.connect(make_url(url).database or "", check_same_thread=False)
        blocker.execute("BEGIN IMMEDIATE")
        return blocker
    connection = psycopg.connect(url)
    connection.execute("SELECT id FROM installation FOR UPDATE")
    return connection


async def test_a_full_disk_stores_nothing_and_is_got_over(sqlite_database: Database) -> None:
    database = sqlite_database
    await database.write(raising("before"))
    pages = await database.write(lambda conn: conn.scalar(text("PRAGMA page_count")))
    await database.write(lambda conn: conn.execute(text(f"PRAGMA max_page_count = {pages}")).all())
    big = "x" * 4000
    full = [database.write(raising(f"{number}", description=big, instruction=big)) for number in range(10)]
    answers = await asyncio.gather(*full, return_exceptions=True)
    assert all(isinstance(answer, LogUnavailable) for answer in answers)
    assert "full" in str(answers[0].__cause__)  # type: ignore[union-attr]
    assert await positions(database) == [1]
    assert await database.read(audit.verify) == Verification(1)
    assert len(await database.read(lambda conn: alerts.recent(conn, since_ms=0))) == 1
    await database.write(lambda conn: conn.execute(text("PRAGMA max_page_count = 1000000")).all())
    answers = await asyncio.gather(*(database.write(raising(f"{n}", description=big)) for n in range(10)))
    assert await positions(database) == [*range(1, 12)]


async def test_an_outage_is_said_once_and_its_end(sqlite_database: Database, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING")
    await sqlite_database.write(lambda conn: conn.execute(text("PRAGMA max_page_count = 1")).all())
    for number in range(3):
        with pytest.raises(LogUnavailable):
            await sqlite_database.write(raising(f"{number}", description="x" * 4000, instruction="x" * 4000))
    await sqlite_database.write(lambda conn: conn.execute(text("PRAGMA max_page_count = 1000000")).all())
    assert [record.getMessage() for record in caplog.records] == [
        "log can't be written: database or disk is full",
        "log can be written again: 3 writes failed",
    ]


async def test_what_fits_is_stored_beside_what_does_not(sqlite_database: Database) -> None:
    database = sqlite_database
    pages = await database.write(lambda conn: conn.scalar(text("PRAGMA page_count")))
    await database.write(lambda conn: conn.execute(text(f"PRAGMA max_page_count = {pages + 2}")).all())
    big = "x" * 4000
    works = [raising("small"), raising("big", description=big, instruction=big)]
    small, too_big = await asyncio.gather(*(database.write(work) for work in works), return_exceptions=True)
    assert isinstance(small, Raised)
    assert isinstance(too_big, LogUnavailable)
    assert await positions(database) == [1]


async def test_lost_connections_are_made_anew(postgres: Postgres, postgresql_url: str, open_database: Open) -> None:
    database = await open_database(postgresql_url)
    await database.write(raising("1"))
    await asyncio.to_thread(postgres.disconnect_everybody)
    await database.write(raising("2"))
    assert await positions(database) == [1, 2]


async def test_a_connection_lost_in_the_middle_stores_nothing(
    postgres: Postgres, postgresql_url: str, open_database: Open
) -> None:
    database = await open_database(postgresql_url)

    def break_off(conn: Connection) -> None:
        log.append(conn, "alert", {"alert": {}}, EVERYBODY, NOW_MS)
        postgres.disconnect_everybody()
        log.append(conn, "alert", {"alert": {}}, EVERYBODY, NOW_MS)

    with pytest.raises(LogUnavailable) as outage:
        await database.write(break_off)
    assert outage.value.__cause__ is not None
    await database.write(raising("1"))
    assert await positions(database) == [1]


async def test_writing_goes_on_when_the_server_is_back(
    postgres: Postgres, postgresql_url: str, open_database: Open
) -> None:
    database = await open_database(postgresql_url)
    await database.write(raising("before"))
    await asyncio.to_thread(postgres.stop)
    for number in range(3):
        with pytest.raises(LogUnavailable):
            await database.write(raising(f"meanwhile {number}"))
    with pytest.raises(LogUnavailable):
        await database.read(log.head)
    await asyncio.to_thread(postgres.start)
    await database.write(raising("after"))
    assert await positions(database) == [1, 2]
    assert (await database.read(audit.verify)).is_whole


def noting(name: str, done: list[str]) -> Callable[[Connection], None]:
    return lambda _conn: done.append(name)


async def test_bulk_writes_let_the_others_go_first(database: Database) -> None:
    done: list[str] = []
    may_go = threading.Event()
    holding = asyncio.create_task(database.write(lambda _conn: may_go.wait(10)))
    await asyncio.sleep(0)
    bulk = [asyncio.create_task(database.write(noting(f"bulk {n}", done), bulk=True)) for n in range(3)]
    await asyncio.sleep(0)
    others = [asyncio.create_task(database.write(noting(f"other {n}", done))) for n in range(3)]
    await asyncio.sleep(0)
    may_go.set()
    await asyncio.gather(holding, *bulk, *others)
    assert done == ["other 0", "other 1", "other 2", "bulk 0", "bulk 1", "bulk 2"]


async def test_bulk_writes_are_not_passed_over_for_ever(database: Database) -> None:
    done: list[str] = []
    bulk = asyncio.create_task(database.write(noting("bulk", done), bulk=True))

    async def go_on() -> None:
        while not bulk.done():
            await database.write(noting("other", done))

    async with asyncio.timeout(10):
        await asyncio.gather(*(go_on() for _ in range(4)))
    assert "bulk" in done


async def test_close_finishes_bulk_writes_too(database: Database) -> None:
    done: list[str] = []
    writes = [asyncio.create_task(database.write(noting(str(n), done), bulk=n % 2 == 0)) for n in range(20)]
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*writes)
    assert sorted(map(int, done)) == list(range(20))


async def test_close_finishes_what_waits(database: Database) -> None:
    writes = [asyncio.create_task(database.write(raising(str(number)))) for number in range(5)]
    await asyncio.sleep(0)
    await database.close()
    assert [raised.record.number for raised in await asyncio.gather(*writes)] == [1, 2, 3, 4, 5]
    for call in (database.write, database.read):
        with pytest.raises(LogUnavailable, match="closed"):
            await call(log.head)


async def test_a_server_that_is_not_there_is_an_outage() -> None:
    with pytest.raises(LogUnavailable):
        await Database.open("postgresql://nobody@127.0.0.1:1/none")


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://root@localhost/x", "sqlite://", "sqlite:///:memory:"])
async def test_a_url_that_cannot_be_used_is_a_config_error(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^database\.url: "):
        await Database.open(url)


async def test_a_refusal_does_not_show_the_password() -> None:
    with pytest.raises(ConfigError) as refusal:
        await Database.open("mysql://root:hunter2@localhost/x")
    assert "hunter2" not in str(refusal.value)
