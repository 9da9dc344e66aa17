"""Roster and policies at hand: the same objects until something changes."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from functools import partial

import pytest

from server.core.hub import Hub
from server.core.policies import DEFAULTS
from server.core.positions import Position
from server.lanes.events_session import EventsSession
from server.lanes.online import OnlineBoard
from server.lanes.policies import PolicyBoard
from server.lanes.positions import PositionBoard
from server.lanes.roster import RosterBoard
from server.store import people, policies
from server.store.db import Database
from streams.bus import channels
from streams.bus.wakeups import Wakeups
from streams.geo import Point
from streams.valkey import EmbeddedValkey
from tests.server.samples import AT_THE_DESK, EVERYBODY, NOW_MS
from tests.streams.until import until


class Boards:
    def __init__(self, db: Database, bus_url: str, *, settle_s: float = 0) -> None:
        hub = Hub[EventsSession]()
        self.wakeups = Wakeups(bus_url)
        self.online = OnlineBoard(hub, self.wakeups, server_id="here")
        self.positions = PositionBoard(db, hub, self.wakeups, server_id="here", now_ms=lambda: NOW_MS)
        self.policies = PolicyBoard(db, self.wakeups, now_ms=lambda: NOW_MS)
        self.roster = RosterBoard(db, self.online, self.positions, self.policies, beats={}, settle_s=settle_s)

    async def open(self) -> None:
        for part in (self.policies, self.positions, self.roster):
            await part.open()


@pytest.fixture
async def boards(sqlite_database: Database) -> AsyncIterator[Boards]:
    wanted = [(person, "hash") for person in EVERYBODY]
    await sqlite_database.write(partial(people.seed, people=wanted, now_ms=NOW_MS))
    boards = Boards(sqlite_database, "unix:///nowhere/valkey.sock")
    await boards.open()
    yield boards
    await boards.wakeups.close()


async def test_the_planner_is_the_same_until_something_changes(boards: Boards) -> None:
    planner = boards.roster.planner()
    assert {person.id for person in planner.roster.people} == {person.id for person in EVERYBODY}
    assert boards.roster.planner() is planner
    boards.online.changed()
    assert boards.roster.planner() is planner
    boards.positions.moved("officer-12", Position(Point(41.76, -72.67), None, NOW_MS))
    moved = boards.roster.planner()
    assert moved is not planner
    assert "officer-12" in moved.roster.positions
    boards.online.on_online(b'{"server": "there", "people": ["officer-7"], "ttl_s": 25}')
    assert boards.roster.roster().online == {"officer-7"}
    assert boards.roster.roster().directory is planner.roster.directory


async def test_who_is_new_after_a_start_elsewhere_is_found(boards: Boards, sqlite_database: Database) -> None:
    wanted = [(person, "hash") for person in EVERYBODY[:-1]]
    await sqlite_database.write(partial(people.seed, people=wanted, now_ms=NOW_MS))
    await boards.roster.open()
    assert EVERYBODY[-1] not in boards.roster.roster().people
    assert len(boards.roster.roster().officers) == 2


async def test_after_a_start_nobody_is_taken_to_be_away(sqlite_database: Database) -> None:
    boards = Boards(sqlite_database, "unix:///nowhere/valkey.sock", settle_s=3600)
    assert boards.roster.roster().is_reachable([])
    await boards.wakeups.close()


async def test_a_policy_that_another_server_changed_is_in_force_here_at_once(
    sqlite_database: Database, valkey: EmbeddedValkey
) -> None:
    here, there = (Boards(sqlite_database, valkey.url) for _ in range(2))
    for boards in (here, there):
        await boards.policies.open()
    tasks = [
        asyncio.create_task(here.wakeups.run({channels.POLICIES: here.policies.on_policies})),
        asyncio.create_task(here.policies.run()),
    ]
    try:
        await here.wakeups.subscribed.wait()
        wanted = replace(DEFAULTS[0], loop_s=20)
        change = partial(policies.change, wanted=wanted, actor=AT_THE_DESK, now_ms=NOW_MS)
        await sqlite_database.write(change)
        await there.policies.changed()
        await until(lambda: here.policies.by_priority[1].loop_s == 20)
        assert here.roster.planner().policies[1].revision == 2
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for boards in (here, there):
            await boards.wakeups.close()
