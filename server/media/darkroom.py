"""Darkroom: where photos are made of what people send, each in a process of its own that ends with it."""

import asyncio
import logging
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from server.errors import PhotoUnavailable
from server.media.header import read_header
from server.media.photo import MAX_MESSAGE_BYTES, Photo, unpack
from streams.cameras.worker import end, worker

logger = logging.getLogger(__name__)

WORKER = "server.media.photo_worker"
MAX_PLACES = 4
"""Photos that are received, wait or are decoded, so also: 20 MB each. One more is refused at once."""
DEADLINE_S = 10.0
"""For decoding one; then its process is killed."""
WAIT_S = 30.0
"""For the photos before it: one is decoded at a time, so that the alert lane keeps a core."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the darkroom, with a process that waits for one picture."""

    _process: Process
    _turn: asyncio.Semaphore
    _deadline_s: float

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    async def develop(self, data: bytes) -> Photo:
        """Make a photo of a picture. Once only.

        Raises:
            PhotoNotAPicture, PhotoTooLarge, PhotoTooManyPixels, PhotoDamaged: its header or its decoder says so.
            PhotoUnavailable: its process died, took longer than 10 s, or its turn did not come within 30 s.
        """
        await asyncio.to_thread(read_header, data)
        try:
            async with asyncio.timeout(WAIT_S):
                await self._turn.acquire()
        except TimeoutError:
            raise PhotoUnavailable("Other photos are being decoded. Try again in a moment.") from None
        try:
            async with asyncio.timeout(self._deadline_s):
                return unpack(await self._exchange(data))
        except PhotoUnavailable as error:
            logger.warning("a photo was not decoded: %s", error)
            raise
        except TimeoutError:
            logger.warning("a photo was not decoded within %s s", self._deadline_s)
            raise PhotoUnavailable(
                f"The photo was not decoded within {self._deadline_s:.0f} s. Try again, or send a smaller one."
            ) from None
        finally:
            # Its memory and its CPU are free before the next one begins.
            try:
                await end(self._process)
            finally:
                self._turn.release()

    async def _exchange(self, data: bytes) -> bytes:
        pipe, answer = self._process.stdin, self._process.stdout
        assert pipe is not None, "the worker is started with pipes"
        assert answer is not None, "the worker is started with pipes"
        try:
            pipe.write(data)
            await pipe.drain()
            pipe.close()
        except OSError:
            logger.debug("a photo decoder ended before it had its picture")
        message = b""
        while len(message) <= MAX_MESSAGE_BYTES and (part := await answer.read(MAX_MESSAGE_BYTES)):
            message += part
        if len(message) > MAX_MESSAGE_BYTES:
            return message
        # To its end: asyncio's own loop loses the exit code of one that is killed while it ends.
        code = await self._process.wait()
        if not message:
            raise PhotoUnavailable(f"The photo could not be decoded: its decoder ended ({code}). Try another picture.")
        return message


class Darkroom:
    """Used from one event loop. ``module`` is what the processes run: tests put bad ones there."""

    def __init__(self, module: str = WORKER, *, deadline_s: float = DEADLINE_S) -> None:
        self._module = module
        self._deadline_s = deadline_s
        self._turn = asyncio.Semaphore(1)
        self.taken = 0
        """Places."""

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Place]:
        """Take a place, before the picture is received: its process starts meanwhile. It is killed when the block ends.

        Raises:
            PhotoUnavailable: all four are taken, or no process can be started.
        """
        if self.taken >= MAX_PLACES:
            raise PhotoUnavailable(f"{self.taken} photos are being received or decoded. Try again in a moment.")
        self.taken += 1
        try:
            async with AsyncExitStack() as stack:
                try:
                    process = await stack.enter_async_context(worker(self._module))
                except OSError as error:
                    logger.warning("a photo decoder can't be started: %s", error.strerror)
                    raise PhotoUnavailable("No decoder can be started now. Try again in a moment.") from None
                yield Place(process, self._turn, self._deadline_s)
        finally:
            self.taken -= 1
