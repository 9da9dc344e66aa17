"""Both doors to a bus, each with both ends, for tests of what they outlive."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from streams.bus import channels
from streams.bus.sharded_follower import follower_of
from streams.bus.sharded_publisher import publisher_to
from streams.bus.wakeups import Wakeups
from streams.fragment import Flag, Fragment, Kind, pack
from tests.streams.until import until

CAMERA = 4


def picture(sequence: int) -> Fragment:
    return pack(Kind.FRAME, Flag.KEY, camera_number=CAMERA, sequence=sequence, captured_ms=1.5, dts=7, body=b"picture")


@dataclass
class Doors:
    """All four ends of both lanes."""

    url: str
    listening_url: str = ""
    """When it is another."""
    pictures: list[bytes] = field(default_factory=list)
    words: list[bytes] = field(default_factory=list)
    heard_anew: int = 0

    def __post_init__(self) -> None:
        self.publisher = publisher_to(self.url)
        listening_url = self.listening_url or self.url
        self.follower = follower_of(listening_url, "server-1", self.pictures.append)
        self.follower.subscribe(CAMERA)
        self.listening, self.speaking = Wakeups(listening_url), Wakeups(self.url)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(each) for each in (self.publisher.run(), self.follower.run(), self._listen())]
        try:
            await self.work()
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.listening.close()
            await self.speaking.close()

    async def work(self) -> None:
        """Return when a picture and a word have come through."""
        self.pictures.clear()
        self.words.clear()
        async with asyncio.timeout(30):
            while not self.pictures:
                self.publisher.publish(picture(1))
                await asyncio.sleep(0.02)
            await self.listening.subscribed.wait()
            while not await self.speaking.publish(channels.LOG, b"news"):  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.02)
            await until(lambda: b"news" in self.words)

    def _anew(self) -> None:
        self.heard_anew += 1

    async def _listen(self) -> None:
        await self.listening.run({channels.LOG: self.words.append}, self._anew)
