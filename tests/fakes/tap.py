"""A tap on the bus: all fragments that are on it, as one who listens in would have them."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from redis.asyncio import Redis
from redis.asyncio.client import PubSub

from streams.bus import channels
from streams.fragment import Fragment, Kind, unpack
from tests.streams.until import until

SIGNS_OF_LIFE = channels.video(0)
"""Empty messages, with which publishers see whether the bus is there."""


class Tap:
    def __init__(self) -> None:
        self.live: dict[int, list[Fragment]] = defaultdict(list)
        """By stream number."""
        self.joins: list[Fragment] = []
        """Of all servers."""

    @asynccontextmanager
    async def running(self, url: str) -> AsyncIterator[Self]:
        async with Redis.from_url(url) as client, client.pubsub() as pubsub:
            await pubsub.psubscribe("sightline:*")
            listening = asyncio.create_task(self._listen(pubsub))
            try:
                yield self
            finally:
                listening.cancel()
                await asyncio.wait({listening})

    async def _listen(self, pubsub: PubSub) -> None:
        async for message in pubsub.listen():
            channel = message["channel"].decode() if message["type"] == "pmessage" else ""
            if channel == SIGNS_OF_LIFE:
                continue
            if channel.startswith("sightline:video:"):
                fragment = unpack(message["data"])
                self.live[fragment.stream_number].append(fragment)
            elif channel.startswith("sightline:join:"):
                self.joins.append(unpack(message["data"]))

    async def wait_for(self, stream_number: int, pictures: int) -> None:
        await until(lambda: self.pictures(stream_number) >= pictures)

    def pictures(self, stream_number: int) -> int:
        return sum(fragment.kind in {Kind.FRAME, Kind.JPEG} for fragment in self.live[stream_number])
