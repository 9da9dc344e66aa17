"""A real cluster of three masters, of the same program as the bus."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from tests.fakes.sentinel import Node, node

SLOTS = 16384
NODES = 3


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[list[Node]]:
    """Up when every node has heard of every slot."""
    options = {"cluster-enabled": "yes", "cluster-node-timeout": "2000", "appendonly": "no"}
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(node(folder / f"node-{n}", options)) for n in range(NODES)]
        for number, each in enumerate(nodes):
            slots = range(number * SLOTS // NODES, (number + 1) * SLOTS // NODES)
            assert await each.ask("CLUSTER", "ADDSLOTS", *map(str, slots)) == b"OK"
            await nodes[0].ask("CLUSTER", "MEET", "127.0.0.1", str(each.port))
        async with asyncio.timeout(20):
            while not await _is_whole(nodes):  # noqa: ASYNC110 - the thing has no event
                await asyncio.sleep(0.05)
        yield nodes


async def _is_whole(nodes: list[Node]) -> bool:
    for each in nodes:
        info = await each.ask("CLUSTER", "INFO")
        assert isinstance(info, bytes)
        if b"cluster_state:ok" not in info or b"cluster_known_nodes:%d" % NODES not in info:
            return False
    return True
