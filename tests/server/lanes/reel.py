"""Reel: a camera's past in this process, kept as a streams process keeps it, and played by the test's own clock."""

import asyncio
from collections.abc import AsyncGenerator, Sequence

from server.errors import PastUnavailable
from streams.fragment import Fragment, unpack
from streams.past import Past
from tests.streams.filming import START_S


class Reel:
    """Time stands still but for ``pass_time``; what was captured by then is in the past."""

    def __init__(self, camera_number: int = 4, *, keeps_s: float = 600) -> None:
        self.now_ms = int(START_S * 1000)
        self.asked: list[tuple[int, int, int]] = []
        """Camera, from, to: relative to the start."""
        self.held: list[int] = []
        """Streams that are wanted though nobody watches."""
        self._number = camera_number
        self._past = Past(camera_number, max_s=keeps_s, max_bytes=2**30)
        self._coming: list[Fragment] = []

    def clock(self) -> int:
        return self.now_ms

    def load(self, messages: Sequence[Fragment]) -> None:
        """They come when their time has come."""
        self._coming += messages
        self._develop()

    def pass_time(self, seconds: float) -> None:
        self.now_ms += round(seconds * 1000)
        self._develop()

    def forget(self) -> None:
        """The streams process was started anew."""
        self._past = Past(self._number, max_s=600, max_bytes=2**30)

    # --- what a recorder needs

    async def read(self, camera_number: int, from_ms: int, to_ms: int) -> AsyncGenerator[Fragment, None]:
        start_ms = int(START_S * 1000)
        self.asked.append((camera_number, from_ms - start_ms, to_ms - start_ms))
        await asyncio.sleep(0)
        span = self._past.between(from_ms, to_ms) if camera_number == self._number else None
        if span is None:
            raise PastUnavailable("Nothing is kept of this time.")
        for message in span.messages:
            yield unpack(message)

    def hold(self, number: int) -> None:
        self.held.append(number)

    def release(self, number: int) -> None:
        self.held.remove(number)

    def _develop(self) -> None:
        while self._coming and self._coming[0].captured_ms <= self.now_ms:
            self._past.append(self._coming.pop(0))
