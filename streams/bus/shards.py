"""Shards: the masters of a cluster, each with a connection, for messages that need not go through all of them.

What is published the usual way on a cluster every node passes on to every other one. A sharded channel has a slot, as a
key has, and its messages stay with the master of that slot (Redis 7, Valkey).
"""

import asyncio
import binascii
import contextlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, NoReturn, cast

import hiredis

from streams.bus import resp
from streams.bus.address import BusAddress
from streams.bus.connection import Connection
from streams.bus.link import Link

logger = logging.getLogger(__name__)

SLOTS = 16384
LOOK_EVERY_S = 2.0
LOOK_PAUSE_S = 0.2
ASK_TIMEOUT_S = 1.0

Place = tuple[str, int]


class Shard(Connection):
    """The connection to one master."""

    def __init__(
        self, address: BusAddress, on_connected: Callable[["Shard"], None], on_reply: Callable[["Shard", Any], None]
    ) -> None:
        super().__init__(address, name="shard")
        self._told_connected = on_connected
        self._told_reply = on_reply

    @property
    def link(self) -> Link | None:
        """None while it is lost."""
        return self._link

    def _on_connected(self) -> None:
        self._told_connected(self)

    def _on_reply(self, reply: Any) -> None:
        self._told_reply(self, reply)


class Shards:
    def __init__(
        self,
        address: BusAddress,
        *,
        on_connected: Callable[[Shard], None],
        on_reply: Callable[[Shard, Any], None],
        on_change: Callable[[], None] = lambda: None,
    ) -> None:
        """
        Args:
            on_change: called when slots have other masters.
        """
        self._address = address
        self._tls = address.tls_context()
        self._on_connected, self._on_reply, self._on_change = on_connected, on_reply, on_change
        self._shards: dict[Place, Shard] = {}
        self._tasks: dict[Place, asyncio.Task[NoReturn]] = {}
        self._ranges: list[tuple[int, int, Place]] = []
        self._of: dict[str, Shard | None] = {}
        self._soon = asyncio.Event()

    def of(self, channel: str) -> Shard | None:
        """Who has the slot of a channel; None when nobody knows, or the servers are too old for it."""
        try:
            return self._of[channel]
        except KeyError:
            slot = slot_of(channel)
            place = next((place for first, last, place in self._ranges if first <= slot <= last), None)
            found = self._of[channel] = None if place is None else self._shards[place]
            return found

    def look_soon(self) -> None:
        """Something has moved."""
        self._soon.set()

    async def run(self) -> NoReturn:
        """Stay connected to all of them until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._soon.clear()
                ranges = await self._look()
                if ranges is not None and ranges != self._ranges:
                    self._take(ranges, group)
                await asyncio.sleep(LOOK_PAUSE_S)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self._soon.wait()

    def _take(self, ranges: list[tuple[int, int, Place]], group: asyncio.TaskGroup) -> None:
        places = {place for _, _, place in ranges}
        for place in self._shards.keys() - places:
            self._tasks.pop(place).cancel()
            del self._shards[place]
        for place in places - self._shards.keys():
            address = replace(self._address, nodes=(), host=place[0], port=place[1])
            shard = self._shards[place] = Shard(address, self._on_connected, self._on_reply)
            self._tasks[place] = group.create_task(shard.run(), name="shard")
        self._ranges = ranges
        self._of.clear()
        logger.info("cluster: %d masters", len(places))
        self._on_change()

    async def _look(self) -> list[tuple[int, int, Place]] | None:
        """None when nobody tells: everything stays as it is."""
        for host, port in dict.fromkeys((*self._shards, *self._address.nodes)):
            node = replace(self._address, nodes=(), host=host, port=port)
            with contextlib.suppress(TimeoutError, OSError, hiredis.ReplyError):
                async with asyncio.timeout(ASK_TIMEOUT_S):
                    return await _ask(node, self._tls)
        return None


def slot_of(channel: str) -> int:
    """Of the whole name, or of what stands in its first braces."""
    _, brace, rest = channel.partition("{")
    tag, end, _ = rest.partition("}")
    return binascii.crc_hqx((tag if brace and end and tag else channel).encode(), 0) % SLOTS


async def _ask(node: BusAddress, tls: Any) -> list[tuple[int, int, Place]]:
    """
    Raises:
        OSError: it can't be reached.
        ReplyError: it refuses.
    """
    link = await Link.open(node, tls)
    try:
        questions = [resp.command("COMMAND", "INFO", "SPUBLISH"), resp.command("CLUSTER", "SLOTS")]
        replies = await link.ask([*resp.auth(node.username, node.password), *questions])
    finally:
        link.close()
    for reply in replies:
        if isinstance(reply, hiredis.ReplyError):
            raise reply
    if replies[-2] == [None]:
        return []
    return sorted(_ranges(replies[-1], node.host))


def _ranges(slots: Iterable[Any], asked: str) -> Iterable[tuple[int, int, Place]]:
    for first, last, master, *_ in slots:
        # One that does not know its own address says none.
        host = cast("bytes", master[0] or b"").decode() or asked
        yield int(first), int(last), (host, int(master[1]))
