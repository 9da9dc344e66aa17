"""Pictures on a cluster: each camera's stay with one master, until that is lost or its slots move."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from streams.bus import channels
from streams.bus.follower import FragmentFollower
from streams.bus.publisher import FragmentPublisher
from streams.bus.sharded_follower import ShardedFollower, follower_of
from streams.bus.sharded_publisher import ShardedPublisher, publisher_to
from streams.bus.shards import slot_of
from streams.fragment import Flag, Fragment, Kind, pack, unpack
from tests.fakes.cluster import NODES, SLOTS, cluster
from tests.fakes.sentinel import Node
from tests.streams.until import until

CAMERAS = range(1, 31)


def _picture(camera_number: int, sequence: int) -> Fragment:
    return pack(Kind.FRAME, Flag.KEY, camera_number=camera_number, sequence=sequence, captured_ms=1.5, dts=7, body=b"p")


@dataclass
class Ends:
    publisher: FragmentPublisher
    follower: FragmentFollower
    got: list[Fragment]
    heard_anew: list[None] = field(default_factory=list)

    async def until_seen(self) -> None:
        """Return when a picture of every camera has come through that was sent from now on."""
        self.got.clear()
        sequence = 0
        async with asyncio.timeout(30):
            while {one.camera_number for one in self.got} != set(CAMERAS):
                sequence += 1
                for number in CAMERAS:
                    self.publisher.publish(_picture(number, sequence))
                await asyncio.sleep(0.05)


@asynccontextmanager
async def _ends(nodes: list[Node]) -> AsyncIterator[Ends]:
    # What is not named here they learn of.
    url = f"cluster://127.0.0.1:{nodes[1].port},127.0.0.1:{nodes[2].port}"
    got: list[Fragment] = []
    anew: list[None] = []
    follower = follower_of(url, "server-1", lambda m: got.append(unpack(m)), on_reconnect=lambda: anew.append(None))
    for number in CAMERAS:
        follower.subscribe(number)
    ends = Ends(publisher_to(url), follower, got, anew)
    tasks = [asyncio.create_task(ends.publisher.run()), asyncio.create_task(follower.run())]
    try:
        await until(lambda: _is_settled(ends))
        async with asyncio.timeout(20):
            while await _followed(nodes) < 2 * len(CAMERAS):  # noqa: ASYNC110 - the nodes tell it
                await asyncio.sleep(0.02)
        yield ends
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _is_settled(ends: Ends) -> bool:
    assert isinstance(ends.publisher, ShardedPublisher)
    assert isinstance(ends.follower, ShardedFollower)
    shards = [ends.publisher._shards.of(channels.video(number)) for number in CAMERAS]
    return len(ends.follower._at) == len(CAMERAS) and all(shard and shard.link for shard in shards)


async def _sharded(nodes: list[Node]) -> list[set[int]]:
    """The cameras that are followed at each of them."""
    found = []
    for node in nodes:
        names = await node.ask("PUBSUB", "SHARDCHANNELS", "sightline:video:*")
        assert isinstance(names, list)
        found.append({int(name.rpartition(b":")[2]) for name in names})
    return found


async def _followed(nodes: list[Node]) -> int:
    """Channels of single masters, those of bursts too."""
    answers = [await node.ask("PUBSUB", "SHARDCHANNELS") for node in nodes]
    return sum(len(names) for names in answers if isinstance(names, list))


async def _passed_on(node: Node) -> int:
    """Messages that it has given to the other nodes."""
    info = await node.ask("CLUSTER", "INFO")
    assert isinstance(info, bytes)
    rows = dict(line.split(":") for line in info.decode().split())
    return int(rows.get("cluster_stats_messages_publish_sent", 0))


async def test_the_pictures_of_each_camera_go_through_one_master_alone(tmp_path: Path) -> None:
    async with cluster(tmp_path) as nodes, _ends(nodes) as ends:
        before = [await _passed_on(node) for node in nodes]
        for sequence in range(20):
            for number in CAMERAS:
                ends.publisher.publish(_picture(number, sequence))
        await until(lambda: len(ends.got) == 20 * len(CAMERAS))
        for number in CAMERAS:
            assert [one.sequence for one in ends.got if one.camera_number == number] == list(range(20))
        owned = await _sharded(nodes)
        assert set().union(*owned) == set(CAMERAS)
        assert sum(map(len, owned)) == len(CAMERAS)
        assert all(owned), "each has some"
        for place, cameras in enumerate(owned):
            slots = {slot_of(channels.video(number)) * NODES // SLOTS for number in cameras}
            assert slots <= {place, place - 1, place + 1}
        # Signs of life of the connections that go through all.
        assert sum([await _passed_on(node) for node in nodes]) - sum(before) < 20


async def test_a_burst_comes_in_order_with_live_pictures(tmp_path: Path) -> None:
    async with cluster(tmp_path) as nodes, _ends(nodes) as ends:
        for sequence in range(0, 300, 3):
            ends.publisher.publish(_picture(7, sequence))
            ends.publisher.publish_join("server-1", [_picture(7, sequence + 1), _picture(7, sequence + 2)])
            ends.publisher.publish_join("another", [_picture(7, 9999)])
        await until(lambda: len(ends.got) == 300)
        assert [one.sequence for one in ends.got] == list(range(300))


@pytest.mark.parametrize("victim", range(NODES))
async def test_pictures_go_on_when_a_master_dies(tmp_path: Path, victim: int) -> None:
    async with cluster(tmp_path) as nodes, _ends(nodes) as ends:
        await nodes[victim].kill()
        await ends.until_seen()


async def test_pictures_follow_a_slot_that_moves(tmp_path: Path) -> None:
    async with cluster(tmp_path) as nodes, _ends(nodes) as ends:
        number = next(iter((await _sharded(nodes))[0]))
        target = await nodes[1].ask("CLUSTER", "MYID")
        assert isinstance(target, bytes)
        for node in (nodes[1], nodes[0], nodes[2]):
            slot = str(slot_of(channels.video(number)))
            assert await node.ask("CLUSTER", "SETSLOT", slot, "NODE", target.decode()) == b"OK"
        async with asyncio.timeout(20):
            while number not in (await _sharded(nodes))[1]:  # noqa: ASYNC110 - it is told by the node
                await asyncio.sleep(0.05)
        assert ends.heard_anew
        await ends.until_seen()


async def test_who_follows_a_camera_no_more_is_told_nothing_of_it(tmp_path: Path) -> None:
    async with cluster(tmp_path) as nodes, _ends(nodes) as ends:
        ends.follower.unsubscribe(7)
        async with asyncio.timeout(20):
            while 7 in set().union(*await _sharded(nodes)):  # noqa: ASYNC110 - it is told by the node
                await asyncio.sleep(0.05)
        ends.follower.subscribe(7)
        await ends.until_seen()


def test_a_slot_is_that_of_the_name_or_of_what_stands_in_its_braces() -> None:
    # The examples of the cluster specification.
    assert slot_of("123456789") == 0x31C3
    assert slot_of("{user1000}.following") == slot_of("{user1000}.followers") == slot_of("user1000")
    assert slot_of("foo{}{bar}") != slot_of("bar")
    assert slot_of(channels.sharded_join("id", 65540)) == slot_of(channels.video(65540))
