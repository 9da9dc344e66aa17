"""A real master, its replica and a real sentinel that watches them, of the same program as the bus."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import hiredis

from streams import child
from streams.bus import resp
from streams.bus.address import BusAddress
from streams.bus.link import Link
from streams.valkey_program import Program, find_program
from tests.free_port import free_port

MASTER = "city"
DOWN_AFTER_MS = 500
MAX_CLUSTER_PORT = 55_535
"""Nodes of a cluster speak with each other at the port that is 10,000 higher."""


@dataclass
class Node:
    """One process on a port of loopback; ``kill`` and ``freeze`` it, it stays so."""

    port: int
    process: asyncio.subprocess.Process
    password: str = ""

    async def ask(self, *words: str) -> object:
        """The answer to a command.

        Raises:
            OSError: it can't be reached.
        """
        link = await Link.open(BusAddress("", "127.0.0.1", self.port), None)
        try:
            async with asyncio.timeout(5):
                commands = [resp.command(*words)]
                if self.password:
                    commands.insert(0, resp.command("AUTH", self.password))
                return (await link.ask(commands))[-1]
        finally:
            link.close()

    async def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        await self.process.wait()


@dataclass
class Watched:
    master: Node
    replica: Node
    sentinel: Node
    password: str
    dead_port: int = field(default_factory=free_port)

    @property
    def url(self) -> str:
        """The first sentinel it names is not there."""
        user = f":{self.password}@" if self.password else ""
        return f"sentinel://{user}127.0.0.1:{self.dead_port},127.0.0.1:{self.sentinel.port}/{MASTER}"


@asynccontextmanager
async def node(folder: Path, options: Mapping[str, str] = {}, words: Sequence[str] = ()) -> AsyncIterator[Node]:
    """A server with these options; up when it answers, gone in the end."""
    port = free_port()
    while "cluster-enabled" in options and port > MAX_CLUSTER_PORT:
        port = free_port()
    lines = {"port": str(port), "bind": "127.0.0.1", "dir": str(folder), "save": "", "loglevel": "warning", **options}
    config = folder / "node.conf"
    text = "".join(f"{name} {value or chr(34) * 2}\n" for name, value in lines.items())
    program = await asyncio.to_thread(_prepare, config, text)
    process = await asyncio.create_subprocess_exec(
        *child.command([program.path, str(config), *words]), stdout=asyncio.subprocess.DEVNULL, start_new_session=True
    )
    found = Node(port, process, options.get("requirepass", ""))
    try:
        async with asyncio.timeout(10):
            while not await _answers(found):  # noqa: ASYNC110 - the thing has no event
                await asyncio.sleep(0.01)
        yield found
    finally:
        await found.kill()


def _prepare(config: Path, text: str) -> Program:
    config.parent.mkdir(parents=True)
    config.write_text(text)
    return find_program()


async def _answers(found: Node) -> bool:
    try:
        return await found.ask("PING") == b"PONG"
    except OSError:
        return False


@asynccontextmanager
async def watched(folder: Path, password: str = "", *, sentinel_password: str = "") -> AsyncIterator[Watched]:
    """Ready for a failover: the sentinel has seen the replica."""
    secret = {"requirepass": password, "masterauth": password} if password else {}
    async with AsyncExitStack() as stack:
        master = await stack.enter_async_context(node(folder / "master", {**secret, "repl-diskless-sync-delay": "0"}))
        replica = await stack.enter_async_context(
            node(folder / "replica", {**secret, "replicaof": f"127.0.0.1 {master.port}"})
        )
        watch = {
            "sentinel monitor": f"{MASTER} 127.0.0.1 {master.port} 1",
            f"sentinel down-after-milliseconds {MASTER}": str(DOWN_AFTER_MS),
            f"sentinel failover-timeout {MASTER}": "3000",
        }
        if password:
            watch[f"sentinel auth-pass {MASTER}"] = password
        if sentinel_password:
            watch["requirepass"] = sentinel_password
        sentinel = await stack.enter_async_context(node(folder / "sentinel", watch, ["--sentinel"]))
        async with asyncio.timeout(20):
            while not await _is_ready(replica, sentinel):  # noqa: ASYNC110 - the thing has no event
                await asyncio.sleep(0.05)
        yield Watched(master, replica, sentinel, password)


async def _is_ready(replica: Node, sentinel: Node) -> bool:
    role, known = await replica.ask("ROLE"), await sentinel.ask("SENTINEL", "REPLICAS", MASTER)
    assert not isinstance(known, hiredis.ReplyError), known
    return isinstance(role, list) and role[3] == b"connected" and bool(known)
