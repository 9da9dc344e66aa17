"""Steps come when they are due, once, with any number of servers."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial

import pytest
from sqlalchemy import Connection

from server.core.alerts import Shelved
from server.core.entry import Entry
from server.core.planner import Planner
from server.core.policies import Policy, Reach, Step
from server.core.roster import Roster
from server.lanes.escalator import Escalator, steady_ms
from server.lanes.log import LogFollower
from server.store import alerts, audit, escalations, intake, log
from server.store.db import Database
from server.web.services import wall_ms
from streams.bus.wakeups import Wakeups
from tests.server.samples import EVERYBODY as PEOPLE
from tests.server.samples import HOUR_MS, SENSOR, an_alert
from tests.streams.until import until

STEPS = tuple(Step(i, Reach(everybody=True)) for i in range(4))
POLICY = Policy("P1", 1, 1, STEPS)
PLANNER = Planner(Roster(PEOPLE, online=frozenset(person.id for person in PEOPLE)), {1: POLICY})
SLOW = replace(PLANNER, policies={1: replace(POLICY, steps=(STEPS[0], replace(STEPS[1], after_s=600)))})


@dataclass
class Clocks:
    """Those of one server: added to the real ones."""

    wall: int = 0
    steady: int = 0

    def wall_ms(self) -> int:
        return wall_ms() + self.wall

    def steady_ms(self) -> int:
        return steady_ms() + self.steady


@dataclass
class Server:
    db: Database
    follower: LogFollower
    clocks: Clocks
    heard: list[Entry]

    async def raise_alert(self, planner: Planner = PLANNER, source_id: str = "53-348") -> str:
        work = partial(
            intake.raise_alert,
            alert=an_alert(source_id),
            source="gunshot",
            priority=1,
            actor=SENSOR,
            now_ms=self.clocks.wall_ms(),
            raw=b"",
            planner=planner,
        )
        raised = await self.db.write(work)
        self.follower.announce(raised.entry)
        return raised.record.id

    async def shelve(self, alert_id: str, shelved: Shelved | None) -> None:
        def keep(conn: Connection) -> Entry:
            found = alerts.find_with_audience(conn, alert_id)
            assert found
            before, audience = found
            after = replace(before, shelved=shelved)
            return alerts.keep_done(conn, before, after, audience, now_ms=self.clocks.wall_ms())[1]

        self.follower.announce(await self.db.write(keep))

    def steps(self, alert_id: str = "") -> list[int]:
        """Those that were heard of one alert, or of all."""
        told = [entry.payload["alert"] for entry in self.heard if entry.kind == "alert"]
        return [alert["escalation"]["step"] for alert in told if alert_id in ("", alert["id"])]


@asynccontextmanager
async def a_server(db: Database, clocks: Clocks | None = None, *, behind: int = 0) -> AsyncIterator[Server]:
    """Follows the log by its tick: there is no bus. The last ``behind`` entries it has not heard yet."""
    clocks = clocks or Clocks()
    wakeups = Wakeups("unix:///nowhere/valkey.sock")
    follower = LogFollower(db, wakeups, position=await db.read(log.head) - behind)
    heard: list[Entry] = []
    follower.listeners.append(heard.append)
    escalator = Escalator(db, follower, lambda: PLANNER, now_ms=clocks.wall_ms, steady_ms=clocks.steady_ms)
    tasks = [asyncio.create_task(follower.run()), asyncio.create_task(escalator.run())]
    try:
        yield Server(db, follower, clocks, heard)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await wakeups.close()


async def test_each_step_is_taken_once_by_two_servers(
    database_url: str, open_database: Callable[[str], Awaitable[Database]]
) -> None:
    one_db, other_db = await open_database(database_url), await open_database(database_url)
    async with a_server(one_db) as one, a_server(other_db) as other:
        await one.raise_alert()
        await until(lambda: one.steps()[-1:] == [4] and other.steps()[-1:] == [4], timeout_s=15)
    assert one.steps() == other.steps() == [1, 2, 3, 4]
    on_record = [each for each in await one_db.read(audit.page) if each.action == "alert.escalated"]
    assert len(on_record) == 3
    times = [entry.payload["alert"]["escalation"]["fired_ms"] for entry in one.heard]
    assert times == sorted(times)
    assert await one_db.read(escalations.waiting) == []


@pytest.mark.parametrize("jump_ms", [HOUR_MS, -HOUR_MS])
async def test_a_clock_that_is_set_fires_nothing_early_and_nothing_late(
    sqlite_database: Database, jump_ms: int
) -> None:
    async with a_server(sqlite_database) as server:
        slow = await server.raise_alert(SLOW)
        server.clocks.wall += jump_ms
        server.clocks.steady += 590_000
        # Begun by the other clock, and proof that the escalator has looked since.
        quick = await server.raise_alert(source_id="53-349")
        await until(lambda: server.steps(quick) == [1, 2])
        assert server.steps(slow) == [1]
        server.clocks.steady += 10_000
        await until(lambda: server.steps(slow) == [1, 2])


async def test_a_server_that_starts_takes_what_is_due_late(sqlite_database: Database) -> None:
    async with a_server(sqlite_database, Clocks(wall=-60_000)) as dead:
        alert_id = await dead.raise_alert()
    async with a_server(sqlite_database) as server:
        await until(lambda: server.steps()[:1] == [2])
        # It came a minute late: those behind it come in the time that people are given.
        escalation = server.heard[0].payload["alert"]["escalation"]
        assert escalation["next_ms"] - escalation["fired_ms"] == 1_000
    assert server.heard[0].payload["alert"]["id"] == alert_id


async def test_after_a_restart_with_an_earlier_clock_a_step_takes_no_longer_than_its_own_time(
    sqlite_database: Database,
) -> None:
    async with a_server(sqlite_database, Clocks(wall=HOUR_MS)) as dead:
        await dead.raise_alert()
    async with a_server(sqlite_database) as server:
        await until(lambda: server.steps()[:1] == [2])


async def test_what_the_table_says_waits_for_the_entry_that_says_since_when(sqlite_database: Database) -> None:
    """By the clock of this server, which is wrong, the step is due long since."""
    async with a_server(sqlite_database) as other:
        slow = await other.raise_alert(SLOW)
    async with a_server(sqlite_database, Clocks(wall=HOUR_MS), behind=1) as server:
        await until(lambda: server.steps(slow) == [1])
        quick = await server.raise_alert(source_id="53-349")
        await until(lambda: server.steps(quick)[-1:] == [4])
        assert server.steps(slow) == [1]


async def test_what_is_not_shelved_any_more_climbs_at_once(sqlite_database: Database) -> None:
    """At a server that has not seen it shelved, too."""
    shelved = Shelved(wall_ms() + 1_800_000, "dispatcher", "drill")
    async with a_server(sqlite_database) as server:
        alert_id = await server.raise_alert(SLOW)
        await server.shelve(alert_id, shelved)
    async with a_server(sqlite_database) as server:
        await server.shelve(alert_id, None)
        await until(lambda: 2 in server.steps())


async def test_the_end_of_what_was_over_already_makes_no_step_come_early(sqlite_database: Database) -> None:
    async with a_server(sqlite_database) as server:
        slow = await server.raise_alert(SLOW)
        await server.shelve(slow, Shelved(wall_ms() - 1, "dispatcher", "drill"))
        await server.shelve(slow, None)
        quick = await server.raise_alert(source_id="53-349")
        await until(lambda: server.steps(quick)[-1:] == [4])
        assert set(server.steps(slow)) == {1}


async def test_a_step_that_can_not_be_written_comes_when_it_can(
    sqlite_url: str, open_database: Callable[[str], Awaitable[Database]], caplog: pytest.LogCaptureFixture
) -> None:
    """Another program holds the database for longer than a write waits for it."""
    async with a_server(await open_database(sqlite_url)) as server:
        await server.raise_alert()
        file = sqlite_url.removeprefix("sqlite:///")
        other = await asyncio.to_thread(sqlite3.connect, file, check_same_thread=False)
        await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
        await until(lambda: "can't be written" in caplog.text)
        assert server.steps() == [1]
        await asyncio.to_thread(other.close)
        await until(lambda: server.steps()[-1] == 4)
    assert server.steps() == [1, 2, 3, 4]
