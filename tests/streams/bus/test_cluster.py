"""A bus that is one node of a cluster: what is published on any node is heard on every one."""

from pathlib import Path

import pytest

from streams.bus.publisher import FragmentPublisher
from streams.errors import BusError
from tests.fakes.cluster import cluster
from tests.streams.bus.doors import Doors


async def test_doors_on_different_nodes_hear_each_other_and_outlive_a_third(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (one, other, third):
        doors = Doors(f"redis://127.0.0.1:{one.port}", f"redis://127.0.0.1:{other.port}")
        async with doors.running():
            await third.kill()
            await doors.work()
            assert doors.follower.reconnects == doors.publisher.reconnects == doors.heard_anew == 0


async def test_a_cluster_has_one_database(tmp_path: Path) -> None:
    async with cluster(tmp_path) as (one, *_):
        door = FragmentPublisher(f"redis://127.0.0.1:{one.port}/1")
        with pytest.raises(BusError, match="refused the connection"):
            await door.connect()
