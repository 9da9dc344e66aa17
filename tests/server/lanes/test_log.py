"""Following the log: each entry once and in order, whatever way the news takes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from sqlalchemy import Connection

from server.core.audience import EVERYBODY
from server.core.entry import Entry
from server.lanes import log as module
from server.lanes.log import LogFollower, to_bus
from server.store import log
from server.store.db import Database
from streams.bus import channels
from streams.bus.wakeups import Wakeups
from streams.valkey import EmbeddedValkey
from tests.streams.until import until


class Follower(LogFollower):
    """One whose listener writes down what it hears."""

    def __init__(self, db: Database, wakeups: Wakeups, *, position: int = 0) -> None:
        super().__init__(db, wakeups, position=position)
        self.heard: list[int] = []
        self.listeners.append(lambda entry: self.heard.append(entry.position))


@pytest.fixture
async def wakeups(valkey: EmbeddedValkey) -> AsyncIterator[Wakeups]:
    wakeups = Wakeups(valkey.url)
    yield wakeups
    await wakeups.close()


@pytest.fixture
def no_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which would find everything by itself within a second."""
    monkeypatch.setattr(module, "TICK_S", 3600.0)


@asynccontextmanager
async def at_work(*followers: LogFollower) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(follower.run()) for follower in followers]
        yield
        for task in tasks:
            task.cancel()


async def append(db: Database, entries: int = 1) -> list[Entry]:
    def write(conn: Connection) -> list[Entry]:
        return [log.append(conn, "receipts", {"receipts": []}, EVERYBODY, 0) for _ in range(entries)]

    return await db.write(write)


def message(entry: Entry) -> bytes:
    return to_bus([entry]).encode()


async def test_what_is_announced_here_is_told_at_once(sqlite_database: Database, wakeups: Wakeups) -> None:
    follower = Follower(sqlite_database, wakeups)
    (entry,) = await append(sqlite_database)
    follower.announce(entry)
    follower.announce(None)
    assert follower.heard == [1]


async def test_announcements_that_overtake_each_other_are_told_in_order(
    sqlite_database: Database, wakeups: Wakeups
) -> None:
    follower = Follower(sqlite_database, wakeups)
    first, second, third = await append(sqlite_database, 3)
    follower.announce(third)
    follower.announce(second)
    assert follower.heard == []
    follower.announce(first)
    assert follower.heard == [1, 2, 3]


async def test_a_repetition_is_not_told_again(sqlite_database: Database, wakeups: Wakeups) -> None:
    follower = Follower(sqlite_database, wakeups)
    (entry,) = await append(sqlite_database)
    follower.announce(entry)
    follower.on_log(message(entry))
    await follower.catch_up()
    assert follower.heard == [1]


@pytest.mark.usefixtures("no_tick")
async def test_a_gap_in_the_messages_of_the_bus_is_read_from_the_log(
    sqlite_database: Database, wakeups: Wakeups
) -> None:
    follower = Follower(sqlite_database, wakeups)
    entries = await append(sqlite_database, 1200)
    async with at_work(follower):
        follower.on_log(message(entries[1100]))
        await until(lambda: len(follower.heard) == 1200)
    assert follower.heard == list(range(1, 1201))


@pytest.mark.usefixtures("no_tick")
@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"\xff",
        b"1\n\xff",
        b"1\n1",
        b"1\n[1]",
        b"1\n[{}]",
        b'1\n[{"position": 1, "at_ms": 0, "kind": "song", "song": 1}]',
    ],
)
async def test_a_message_that_is_not_understood_makes_us_look(
    sqlite_database: Database, wakeups: Wakeups, garbage: bytes
) -> None:
    follower = Follower(sqlite_database, wakeups)
    await append(sqlite_database)
    async with at_work(follower):
        follower.on_log(garbage)
        await until(lambda: follower.heard == [1])


async def test_without_any_message_entries_come_with_the_tick(sqlite_database: Database) -> None:
    nowhere = Wakeups("unix:///nowhere/valkey.sock")
    writer, reader = Follower(sqlite_database, nowhere), Follower(sqlite_database, nowhere)
    async with at_work(writer, reader):
        for expected in (1, 2):
            (entry,) = await append(sqlite_database)
            writer.announce(entry)
            assert writer.heard[-1] == expected
            await until(lambda: reader.heard == writer.heard, timeout_s=3)
    await nowhere.close()


async def test_what_is_announced_on_one_server_wakes_the_others(
    sqlite_database: Database, wakeups: Wakeups, valkey: EmbeddedValkey
) -> None:
    here, there = Follower(sqlite_database, wakeups), Follower(sqlite_database, wakeups)
    there.catch_up = never  # type: ignore[method-assign]
    listening = asyncio.create_task(wakeups.run({channels.LOG: there.on_log}))
    await wakeups.subscribed.wait()
    async with at_work(here):
        for entry in await append(sqlite_database, 3):
            here.announce(entry)
        await until(lambda: there.heard == [1, 2, 3])
    listening.cancel()


async def never(*_: Any) -> None:
    """No reading from the log."""


async def test_a_log_that_can_not_be_read_is_read_later(
    sqlite_database: Database, sqlite_url: str, wakeups: Wakeups, caplog: pytest.LogCaptureFixture
) -> None:
    closed = await Database.open(sqlite_url)
    await append(sqlite_database)
    follower = Follower(closed, wakeups)
    await closed.close()
    await follower.catch_up()
    await follower.catch_up()
    assert follower.heard == []
    assert len(caplog.records) == 1, "said once"
