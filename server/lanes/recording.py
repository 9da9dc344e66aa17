"""Recording: one clip while it is being made, on the server that has taken it upon itself."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from math import isfinite
from typing import Protocol

from server.core.clips import ClipRecord
from server.errors import PastUnavailable
from server.media.clip_part import ClipPart
from streams.fragment import Fragment

STEP_S = 5.0
"""How often it takes what has come; much less than cameras remember."""
SETTLE_MS = 2000
"""The last pictures are on their way for so long."""
BATCH_BYTES = 4 * 1024 * 1024

_SEQUENCE_MASK = 0xFFFFFFFF


class Past(Protocol):
    """What cameras have shown lately (past_reader.py)."""

    def read(self, camera_number: int, from_ms: int, to_ms: int) -> AsyncGenerator[Fragment, None]:
        """An init segment, then whole groups of pictures from the key frame at or before ``from_ms``.

        Raises:
            PastUnavailable: there is nothing, or it broke off.
        """


class Recording:
    def __init__(self, clip: ClipRecord, part: ClipPart, past: Past, *, now_ms: Callable[[], int]) -> None:
        self.reason = ""
        """Why nothing came, the last time that nothing did."""
        self.behind_at_most_ms: int | None = None
        """How young the newest picture was when it came, at its youngest."""
        self._clip = clip
        self._part = part
        self._past = past
        self._now_ms = now_ms

    async def run(self) -> None:
        """Take the pictures of the clip, until its time is over.

        Raises:
            ClipUnavailable: they can't be written.
        """
        ends_ms = self._clip.to_ms + SETTLE_MS
        while True:
            now_ms = self._now_ms()
            if now_ms > self._clip.from_ms:
                await self._take(now_ms)
            if now_ms >= ends_ms:
                return
            # Never longer than a step: the clock may be set.
            await asyncio.sleep(min(STEP_S, (ends_ms - now_ms) / 1000))

    async def _take(self, now_ms: int) -> None:
        last = known = self._part.last
        from_ms = self._clip.from_ms if last is None else int(last.captured_ms)
        to_ms = min(now_ms, self._clip.to_ms)
        if from_ms >= to_ms and last is not None:
            return
        batch: list[Fragment] = []
        size = 0
        try:
            async with aclosing(self._past.read(self._clip.camera.number, from_ms, to_ms)) as messages:
                async for message in messages:
                    if not isfinite(message.captured_ms) or (last is not None and not is_news(message, last)):
                        continue
                    last = message
                    batch.append(message)
                    size += len(message.message)
                    if size >= BATCH_BYTES:
                        await self._part.append(batch)
                        batch, size = [], 0
        except PastUnavailable as error:
            self.reason = error.message
        await self._part.append(batch)
        if last is not None and last is not known and now_ms <= self._clip.to_ms:
            behind_ms = self._now_ms() - int(last.captured_ms)
            if self.behind_at_most_ms is None or behind_ms < self.behind_at_most_ms:
                self.behind_at_most_ms = behind_ms


def is_news(message: Fragment, last: Fragment) -> bool:
    """Whether a message came after the newest that is known: by its number, or by its time when the reader counts
    anew. What is asked for again begins with a key frame that is known."""
    ahead = (message.sequence - last.sequence) & _SEQUENCE_MASK
    return 0 < ahead <= _SEQUENCE_MASK // 2 or message.captured_ms > last.captured_ms
