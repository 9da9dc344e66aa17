"""A bus that is one node of a cluster: what is published on any node is heard on every one."""

from pathlib import Path

import pytest

from streams.bus.publisher import FragmentPublisher
from streams.errors import BusError
from tests.fakes.cluster import cluster
from tests.fakes.sentinel import node
from tests.free_port import free_port
from tests.streams.bus.doors import Doors
from tests.streams.until import until


async def test_doors_on_different_nodes_hear_each_other_and_outlive_a_third(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (one, other, third):
        doors = Doors(f"redis://127.0.0.1:{one.port}", f"redis://127.0.0.1:{other.port}")
        async with doors.running():
            await third.kill()
            await doors.work()
            assert doors.follower.reconnects == doors.publisher.reconnects == doors.heard_anew == 0


async def test_when_its_node_dies_each_door_goes_to_another(tmp_path: Path) -> None:
    async with cluster(tmp_path) as nodes:
        doors = Doors("cluster://" + ",".join(f"127.0.0.1:{node.port}" for node in nodes))
        async with doors.running():
            await nodes[0].kill()
            await until(lambda: not doors.publisher.is_connected and not doors.listening.subscribed.is_set())
            await doors.work()
            assert doors.follower.reconnects == doors.publisher.reconnects == doors.heard_anew == 1


async def test_a_node_that_has_lost_the_others_is_the_last_choice(tmp_path: Path) -> None:
    async with node(tmp_path / "alone", {"cluster-enabled": "yes"}) as alone, node(tmp_path / "none") as none:
        url = f"cluster://127.0.0.1:{alone.port}"
        lonely = Doors(url)
        async with lonely.running(), cluster(tmp_path / "cluster") as nodes:
            door = FragmentPublisher(f"{url},127.0.0.1:{nodes[1].port}")
            await door.connect()
            clients = await nodes[1].ask("CLIENT", "LIST")
            assert isinstance(clients, bytes)
            assert b"sightline-publisher" in clients
            door.close()
        strangers = FragmentPublisher(f"cluster://127.0.0.1:{none.port},127.0.0.1:{free_port()}")
        with pytest.raises(BusError, match=r"can be used: .* refused to answer: .*; .* can't be reached"):
            await strangers.connect()


async def test_a_door_leaves_a_node_that_loses_the_others(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (one, *others):
        doors = Doors("cluster://" + ",".join(f"127.0.0.1:{each.port}" for each in (one, *others)))
        async with doors.running():
            # Forgets slots of its own, as one that is cut off does not know who has them.
            assert await one.ask("CLUSTER", "RESET", "SOFT") == b"OK"
            await until(lambda: doors.publisher.reconnects and doors.follower.reconnects and doors.heard_anew)
            await doors.work()


async def test_a_cluster_has_one_database(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (one, *_):
        door = FragmentPublisher(f"redis://127.0.0.1:{one.port}/1")
        with pytest.raises(BusError, match="refused the connection"):
            await door.connect()
