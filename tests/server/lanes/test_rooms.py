"""Rooms: what a server asks streams processes for, over a real bus."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from server.lanes import rooms
from server.lanes.rooms import Rooms
from streams.bus import channels
from streams.bus.wakeups import Wakeups
from streams.demand import Demand
from streams.ownership import Sign
from streams.valkey import EmbeddedValkey
from tests.streams.until import until


@asynccontextmanager
async def _following(url: str, heard: list[Demand]) -> AsyncIterator[Wakeups]:
    """Hears what is asked for, and speaks for streams processes."""
    wakeups = Wakeups(url)
    task = asyncio.create_task(wakeups.run({channels.DEMAND: lambda said: heard.append(Demand.from_json(said))}))
    try:
        await wakeups.subscribed.wait()
        yield wakeups
    finally:
        task.cancel()
        await asyncio.wait([task])
        await wakeups.close()


async def test_a_streams_process_that_comes_is_told_at_once_what_is_wanted(
    valkey: EmbeddedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "DEMAND_EVERY_S", 3600.0)
    heard: list[Demand] = []
    async with _following(valkey.url, heard) as wakeups:
        ours = Rooms(wakeups, bus_url=valkey.url, server_id="server-1")
        running = asyncio.create_task(ours.run())
        ours.hold(4)
        await until(lambda: len(heard) == 1)
        for count, life in ((2, "first"), (3, "second")):
            ours.on_streams(b"something else")
            sign = Sign(life, "place", frozenset({4})).to_json().encode()
            ours.on_streams(sign)
            await until(lambda count=count: len(heard) == count)  # type: ignore[misc]
            ours.on_streams(sign)  # he goes on living
        assert {one.cameras for one in heard} == {frozenset({4})}
        running.cancel()
        await asyncio.wait([running])
