"""A bus behind sentinels: found, lost with its master, and found again, by both doors."""

import contextlib
from pathlib import Path

import pytest

from streams.bus import channels
from streams.bus.connection import Connection
from streams.bus.publisher import FragmentPublisher
from streams.bus.wakeups import Wakeups
from streams.errors import BusError
from tests.fakes.sentinel import MASTER, watched
from tests.free_port import free_port
from tests.streams.bus.doors import Doors
from tests.streams.until import until


@pytest.mark.parametrize("password", ["", "s3cret"])
async def test_the_master_is_killed_and_both_doors_find_the_next(tmp_path: Path, password: str) -> None:
    async with watched(tmp_path, password) as bus:
        doors = Doors(bus.url)
        async with doors.running():
            assert await bus.master.ask("PUBSUB", "NUMSUB", channels.LOG) == [channels.LOG.encode(), 1]
            await bus.master.kill()
            await until(lambda: not doors.publisher.is_connected and not doors.listening.subscribed.is_set())
            await doors.work()
            assert doors.heard_anew == 1
            assert doors.follower.reconnects == doors.publisher.reconnects == 1
            assert await bus.replica.ask("PUBSUB", "NUMSUB", channels.LOG) == [channels.LOG.encode(), 1]


async def test_a_failover_that_somebody_ordered_moves_both_doors(tmp_path: Path) -> None:
    async with watched(tmp_path) as bus:
        doors = Doors(bus.url)
        async with doors.running():
            await bus.sentinel.ask("SENTINEL", "FAILOVER", MASTER)
            await until(lambda: doors.heard_anew and doors.follower.reconnects and doors.publisher.reconnects)
            await doors.work()
            for node, followers in ((bus.replica, 1), (bus.master, 0)):
                assert await node.ask("PUBSUB", "NUMSUB", channels.LOG) == [channels.LOG.encode(), followers]


async def test_a_server_that_is_not_the_master_is_refused(tmp_path: Path) -> None:
    async with watched(tmp_path) as bus:
        # As a sentinel says it that has not heard of the change yet.
        await bus.sentinel.ask("SENTINEL", "REMOVE", MASTER)
        await bus.sentinel.ask("SENTINEL", "MONITOR", MASTER, "127.0.0.1", str(bus.replica.port), "1")
        place = await bus.sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER)
        assert place == [b"127.0.0.1", str(bus.replica.port).encode()]
        with pytest.raises(BusError, match="is not the master 'city' any more, or not yet"):
            await FragmentPublisher(bus.url).connect()
        door = Wakeups(bus.url)
        assert not await door.publish(channels.LOG, b"lost")
        await door.close()


async def test_without_a_sentinel_that_knows_it_is_said_who_was_asked(tmp_path: Path) -> None:
    port = free_port()
    with pytest.raises(BusError, match=f"where the master 'city' is: 127.0.0.1:{port} can't be reached"):
        await _connected(f"sentinel://127.0.0.1:{port}/city")
    async with watched(tmp_path / "open") as bus:
        with pytest.raises(BusError, match=f"'county' is: 127.0.0.1:{bus.sentinel.port} does not know it"):
            await _connected(f"sentinel://127.0.0.1:{bus.sentinel.port}/county")
    async with watched(tmp_path / "closed", sentinel_password="key") as bus:
        with pytest.raises(BusError, match="refused to answer: NOAUTH"):
            await _connected(bus.url)
        with contextlib.closing(await _connected(f"{bus.url}?sentinel_password=key")) as door:
            assert door.is_connected


async def _connected(url: str) -> Connection:
    door = FragmentPublisher(url)
    await door.connect()
    return door
