"""A server process as the streams process sees it: it wants cameras, follows them, hears of their states."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from streams.bus import channels
from streams.bus.follower import FragmentFollower
from streams.bus.wakeups import Wakeups
from streams.demand import Demand
from streams.fragment import Fragment, Kind, unpack
from streams.ring import Ring


class WatchingServer:
    def __init__(self, url: str, server_id: str = "server-1") -> None:
        self.got: list[Fragment] = []
        """Everything that has come, in order."""
        self.taken: list[Fragment] = []
        """What its viewers would get of that."""
        self.rings: dict[int, Ring] = {}
        self.messages: list[dict[str, Any]] = []
        """On the channel of states."""
        self._id = server_id
        self._wanted: frozenset[int] = frozenset()
        self._follower = FragmentFollower(url, server_id, self._take, on_reconnect=self._ask_again)
        self._wakeups = Wakeups(url)
        self._asks_again = asyncio.Event()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Self]:
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [
                    group.create_task(self._follower.run()),
                    group.create_task(self._wakeups.run({channels.STATES: self._hear})),
                    group.create_task(self._repeat()),
                ]
                await self._wakeups.subscribed.wait()
                yield self
                for task in tasks:
                    task.cancel()
        finally:
            await self._wakeups.close()

    async def want(self, *numbers: int) -> None:
        for number in numbers:
            self.rings.setdefault(number, Ring())
            self._follower.subscribe(number)
        self._wanted = frozenset(numbers)
        await self._ask()

    def state(self, camera_id: str) -> dict[str, Any]:
        """Its newest; empty before the first."""
        for message in reversed(self.messages):
            if camera_id in message["cameras"]:
                state: dict[str, Any] = message["cameras"][camera_id]
                return state
        return {}

    def states(self, camera_id: str) -> list[str]:
        """One after the other, without repetitions."""
        words = [message["cameras"][camera_id]["state"] for message in self.messages if camera_id in message["cameras"]]
        return [word for n, word in enumerate(words) if n == 0 or words[n - 1] != word]

    def frames(self, number: int) -> list[int]:
        """Sequences of the pictures that viewers of a stream would have got."""
        return [f.sequence for f in self.taken if f.stream_number == number and f.kind is Kind.FRAME]

    def _take(self, message: bytes) -> None:
        fragment = unpack(message)
        self.got.append(fragment)
        if self.rings[fragment.stream_number].append(fragment):
            self.taken.append(fragment)

    def _hear(self, payload: bytes) -> None:
        self.messages.append(json.loads(payload))

    def _ask_again(self) -> None:
        self._asks_again.set()

    async def _ask(self, join: frozenset[int] = frozenset()) -> bool:
        return await self._wakeups.publish(channels.DEMAND, Demand(self._id, self._wanted, join=join).to_json())

    async def _repeat(self) -> None:
        while True:
            try:
                async with asyncio.timeout(1.0):
                    await self._asks_again.wait()
                if await self._ask(join=self._wanted):
                    self._asks_again.clear()
            except TimeoutError:
                await self._ask()
