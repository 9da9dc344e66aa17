"""Cluster: two servers on one database and one bus, a crew of devices, a source, and every link between them."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from server.config import OVERRIDES
from streams.valkey_program import find_program
from tests.chaos.caller import Caller
from tests.chaos.clock import FAKED, Clock
from tests.chaos.crew import ENVIRON, OBSERVER, Member, configuration, crew
from tests.chaos.database import Database
from tests.chaos.device import Device, Entrance, Manner
from tests.chaos.door import Door
from tests.chaos.history import Fallen, History, Power
from tests.chaos.link import Link
from tests.chaos.program import Server, Valkey
from tests.chaos.sender import Sender
from tests.chaos.source import Source
from tests.free_port import free_port

SERVERS = 2
LAG_S = 0.25


@dataclass(frozen=True, slots=True)
class Node:
    """A server, the way of clients to it, its ways to the bus and the database, and its clock."""

    server: Server
    port: int
    door: Link
    bus: Link
    way: Link | None
    """None: the database is a file."""
    clock: Clock
    entrance: Entrance


@dataclass(slots=True)
class Cluster:
    history: History
    database: Database
    valkey: Valkey
    nodes: tuple[Node, ...]
    devices: tuple[Device, ...]
    observers: tuple[Device, ...]
    """Consoles, one directly at each server: they see an entry when it is told."""
    source: Source
    sender: Sender
    door: Door
    tasks: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def pids(self) -> list[int]:
        """Of the servers that run."""
        return [node.server.pid for node in self.nodes if node.server.pid is not None]

    @property
    def links(self) -> list[Link]:
        return _links(self.nodes)


@asynccontextmanager
async def running(
    folder: Path, make_database: Callable[[Path, History], Database], *, size: int, seed: str
) -> AsyncIterator[Cluster]:
    """Everything started, the devices connected or about to be. Leaving kills it.

    Args:
        folder: short, for unix sockets lie in it.
        size: how many devices.
    """
    history = History()
    members = crew(size)
    file = configuration(folder, members)
    database = await asyncio.to_thread(make_database, folder, history)
    valkey = Valkey(history, await asyncio.to_thread(find_program), folder / "valkey.sock")
    await valkey.start()
    nodes = [_node(number, folder, file, database, valkey, history) for number in range(SERVERS)]
    try:
        # One after the other: the first makes the tables.
        async with _entered(_links(nodes)), Door() as door:
            for node in nodes:
                node.server.environ[OVERRIDES["database.url"]] = database.url(node.way)
                assert await node.server.start(), "\n".join(node.server.lines)
            entrances = [node.entrance for node in nodes]
            devices = tuple(Device(one, entrances, door, history, f"{seed}/{one.device}", Manner()) for one in members)
            cluster = Cluster(
                history=history,
                database=database,
                valkey=valkey,
                nodes=tuple(nodes),
                devices=devices,
                observers=tuple(_observer(node, door, history, seed) for node in nodes),
                source=Source(Caller("source", entrances, door, history, seed), seed),
                sender=Sender(Caller("sender", entrances, door, history, seed), members, seed),
                door=door,
            )
            history.note(Power(time.monotonic(), "database", True))
            cluster.tasks = [asyncio.create_task(one.run()) for one in (*cluster.devices, *cluster.observers)]
            cluster.tasks.append(asyncio.create_task(_watch_ourselves(history)))
            cluster.tasks += [asyncio.create_task(_keep(node.server, history)) for node in nodes]
            try:
                yield cluster
            finally:
                for task in cluster.tasks:
                    task.cancel()
                await asyncio.gather(*cluster.tasks, return_exceptions=True)
    finally:
        for node in nodes:
            await node.server.kill()
        await valkey.kill()
        await asyncio.to_thread(database.close)


def _node(number: int, folder: Path, file: Path, database: Database, valkey: Valkey, history: History) -> Node:
    name = f"server-{number}"
    port = free_port()
    bus = Link(f"bus-{number}", lambda: valkey.socket, path=folder / f"bus-{number}.sock")
    own_clock = Clock(folder / f"clock-{number}")
    variables = {
        **os.environ,
        **ENVIRON,
        **own_clock.environ(),
        OVERRIDES["data_folder"]: str(folder),
        OVERRIDES["bus.url"]: f"unix://{folder / f'bus-{number}.sock'}",
        OVERRIDES["web.port"]: str(port),
        "PYTHONPATH": os.pathsep.join([str(FAKED), str(Path(__file__).parents[2])]),
    }
    door = Link(f"door-{number}", lambda: ("127.0.0.1", port))
    server = Server(name, history, file, variables)
    return Node(server, port, door, bus, database.way(number), own_clock, Entrance(name, lambda: door.port))


def _links(nodes: Sequence[Node]) -> list[Link]:
    return [link for node in nodes for link in (node.door, node.bus, node.way) if link is not None]


def _observer(node: Node, door: Door, history: History, seed: str) -> Device:
    name = f"observer-{node.server.name}"
    member = Member(OBSERVER, "operator", "", name)
    manner = Manner(reports=False, backoff_s=(0.1, 0.2))
    direct = Entrance(node.server.name, lambda: node.port)
    return Device(member, [direct], door, history, f"{seed}/{name}", manner)


@asynccontextmanager
async def _entered(links: list[Link]) -> AsyncIterator[None]:
    for link in links:
        await link.__aenter__()
    try:
        yield
    finally:
        for link in links:
            await link.__aexit__(None, None, None)


async def _keep(server: Server, history: History) -> None:
    """Start it again when it has ended by itself, as its launcher would, and put that on record."""
    while True:
        await asyncio.sleep(0.2)
        if server.is_up and server.pid is None:
            history.note(Fallen(time.monotonic(), server.name))
            await server.kill()
            await server.start()


async def _watch_ourselves(history: History) -> None:
    """Note when this process was held up itself: nothing that it saw then is on time."""
    while True:
        before = time.monotonic()
        await asyncio.sleep(0.05)
        if (now := time.monotonic()) - before > LAG_S:
            history.note(Power(before, "harness", False))
            history.note(Power(now, "harness", True))
