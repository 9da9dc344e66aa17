"""Our own test entries come back through the lane, or the staff are told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from server.core.audience import NOBODY
from server.core.entry import Entry
from server.core.hub import Hub
from server.lanes.events_session import EventsSession
from server.lanes.log import LogFollower
from server.lanes.probe import Probe
from server.lanes.problems import ProblemBoard
from server.store import log
from server.store.db import Database
from server.web.services import wall_ms
from streams.bus.wakeups import Wakeups
from tests.streams.until import until


@dataclass
class Server:
    follower: LogFollower
    problems: ProblemBoard
    probe: Probe
    tasks: list[asyncio.Task[object]] = field(default_factory=list)

    def start(self, *parts: str) -> None:
        runs = {"follower": self.follower.run, "probe": self.probe.run}
        self.tasks += [asyncio.create_task(runs[part]()) for part in parts]


@asynccontextmanager
async def a_server(db: Database, name: str = "here", within_s: float = 5.0) -> AsyncIterator[Server]:
    wakeups = Wakeups("unix:///nowhere/valkey.sock")
    follower = LogFollower(db, wakeups, position=await db.read(log.head))
    problems = ProblemBoard(Hub[EventsSession](), now_ms=wall_ms)
    probe = Probe(db, follower, problems, server_id=name, now_ms=wall_ms, every_s=0.05, within_s=within_s)
    server = Server(follower, problems, probe)
    try:
        yield server
    finally:
        for task in server.tasks:
            task.cancel()
        await asyncio.gather(*server.tasks, return_exceptions=True)
        await wakeups.close()


async def probes_of(db: Database) -> list[Entry]:
    return [entry for entry in await db.read(lambda conn: log.entries_after(conn, 0)) if entry.kind == "probe"]


async def test_a_probe_comes_back_and_all_is_well(database: Database) -> None:
    async with a_server(database) as server:
        server.start("follower", "probe")
        await until(lambda: server.follower.position >= 2)
        assert server.problems.problems() == []
    found = await probes_of(database)
    assert [entry.audience for entry in found] == [NOBODY] * len(found)
    assert found[0].payload["probe"]["server"] == "here"


async def test_when_none_comes_back_it_is_told_until_one_does(sqlite_database: Database) -> None:
    """Nobody follows the log here; that it was committed is not enough."""
    async with a_server(sqlite_database, within_s=0.1) as server:
        server.start("probe")
        await until(server.problems.problems)
        assert "did not come back" in server.problems.problems()[0]
    async with a_server(sqlite_database) as server:
        server.problems.say("probe", "A test entry did not come back.")
        server.start("follower", "probe")
        await until(lambda: not server.problems.problems())


async def test_one_of_before_that_comes_late_is_no_proof(sqlite_database: Database) -> None:
    async with a_server(sqlite_database, within_s=0.1) as server:
        server.start("probe")
        await until(server.problems.problems)
        before = await probes_of(sqlite_database)
        while len(await probes_of(sqlite_database)) < len(before) + 3:
            for listener in server.follower.listeners:
                listener(before[0])
            assert server.problems.problems()
            await asyncio.sleep(0)


async def test_when_none_can_be_written_it_is_told(sqlite_database: Database) -> None:
    async with a_server(sqlite_database) as server:
        await sqlite_database.close()
        server.start("probe")
        await until(server.problems.problems)
        assert "could not be written" in server.problems.problems()[0]


@pytest.mark.parametrize(("ahead_ms", "words"), [(3_000, "3 s ahead of"), (-60_000, "60 s behind")])
async def test_a_server_whose_clock_is_another_is_told_when_it_is_so_twice(
    sqlite_database: Database, ahead_ms: int, words: str
) -> None:
    async def hear(server: Server, ahead_ms: int) -> None:
        probe = {"server": "there", "sent_ms": wall_ms() + ahead_ms}
        server.follower.announce(
            await sqlite_database.write(lambda conn: log.append(conn, "probe", {"probe": probe}, NOBODY, wall_ms()))
        )

    async with a_server(sqlite_database) as server:
        await hear(server, ahead_ms)
        assert server.problems.problems() == []
        await hear(server, ahead_ms)
        assert words in server.problems.problems()[0]
        await hear(server, 0)
        assert server.problems.problems() == []
