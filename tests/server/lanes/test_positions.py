"""Where people are: the newest counts, whichever server heard it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from server.core.hub import Hub
from server.core.positions import Position
from server.errors import PositionInvalid
from server.lanes import positions as lane
from server.lanes.events_session import EventsSession
from server.lanes.positions import PositionBoard
from server.store import positions
from server.store.db import Database
from streams.bus import channels
from streams.bus.wakeups import Wakeups
from streams.geo import Point
from streams.valkey import EmbeddedValkey
from tests.server.samples import NOW_MS
from tests.streams.until import until

HERE = Position(Point(41.76, -72.67), 8.0, NOW_MS)
LATER = Position(Point(41.77, -72.68), None, NOW_MS + 1000)


@asynccontextmanager
async def a_board(
    db: Database, bus_url: str = "unix:///nowhere/valkey.sock", name: str = "here"
) -> AsyncIterator[PositionBoard]:
    wakeups = Wakeups(bus_url)
    board = PositionBoard(db, Hub[EventsSession](), wakeups, server_id=name, now_ms=lambda: NOW_MS)
    tasks = [asyncio.create_task(board.run())]
    if not bus_url.startswith("unix:///nowhere"):
        tasks.append(asyncio.create_task(wakeups.run({channels.POSITIONS: board.on_positions})))
        await wakeups.subscribed.wait()
    try:
        yield board
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await wakeups.close()


async def test_the_newest_counts_and_an_older_one_is_left_alone(sqlite_database: Database) -> None:
    async with a_board(sqlite_database) as board:
        board.moved("officer-12", LATER)
        known = board.known()
        board.moved("officer-12", HERE)
        assert board.known() is known
        assert dict(known) == {"officer-12": LATER}


async def test_one_from_the_future_is_refused_and_changes_nothing(sqlite_database: Database) -> None:
    async with a_board(sqlite_database) as board:
        with pytest.raises(PositionInvalid):
            board.moved("officer-12", Position(HERE.point, None, NOW_MS + 60_001))
        assert not board.known()


async def test_the_other_servers_learn_it(sqlite_database: Database, valkey: EmbeddedValkey) -> None:
    async with a_board(sqlite_database, valkey.url) as here, a_board(sqlite_database, valkey.url, "there") as there:
        here.moved("officer-12", HERE)
        there.moved("officer-7", LATER)
        await until(lambda: here.known() == there.known() and len(here.known()) == 2)


async def test_a_server_that_starts_knows_where_everybody_was(
    sqlite_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane, "KEEP_EVERY_S", 0.05)
    async with a_board(sqlite_database) as board:
        board.moved("officer-12", HERE)
        async with asyncio.timeout(10):
            while not await sqlite_database.read(positions.everything):
                pass
    async with a_board(sqlite_database) as board:
        await board.open()
        assert dict(board.known()) == {"officer-12": HERE}


@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b"[]",
        b"{}",
        b'{"server": "x", "people": 3}',
        b'{"server": "x", "people": {"officer-12": 3}}',
        b'{"server": "x", "people": {"officer-12": {"lat": 91, "lon": 0, "at_ms": 1}}}',
        b"\xff",
    ],
)
async def test_what_is_not_understood_is_left_alone(sqlite_database: Database, garbage: bytes) -> None:
    async with a_board(sqlite_database) as board:
        board.on_positions(garbage)
        assert not board.known()


async def test_what_we_said_ourselves_is_no_news(sqlite_database: Database) -> None:
    async with a_board(sqlite_database) as board:
        board.on_positions(json.dumps({"server": "here", "people": {"officer-12": HERE.to_wire()}}).encode())
        assert not board.known()
