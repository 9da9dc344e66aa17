"""Lightbox: where single pictures of cameras are decoded and looked at, each time in a process that ends with it."""

import asyncio
import logging
from asyncio.subprocess import Process

from streams.cameras.worker import worker
from streams.errors import FormatError, SourceError
from streams.formats import picture_pipe
from streams.formats.picture_pipe import MAX_ANSWER_BYTES, Answer, Question

logger = logging.getLogger(__name__)

WORKER = "streams.cameras.picture_check_worker"
DEADLINE_S = 15.0
"""For one; then its process is killed. It takes half a second, most of it to start."""
MAX_WAITING = 16
"""Pictures of up to some MB each; one more is refused at once."""


class Lightbox:
    """One picture at a time, so that the alert lane keeps a core. Used from one event loop.

    Args:
        module: what the processes run; tests put bad ones there.
    """

    def __init__(self, module: str = WORKER, *, deadline_s: float = DEADLINE_S) -> None:
        self._module = module
        self._deadline_s = deadline_s
        self._turn = asyncio.Semaphore(1)
        self._waiting = 0

    async def look(self, question: Question) -> Answer:
        """
        Raises:
            SourceGarbled: the picture can't be decoded.
            SourceError: nobody can tell: the process died or took too long, or too many pictures wait already.
        """
        if self._waiting >= MAX_WAITING:
            raise SourceError(f"{self._waiting} pictures wait to be decoded. Try again in a moment.")
        self._waiting += 1
        try:
            async with self._turn:
                message = await self._ask(picture_pipe.pack_question(question))
        finally:
            self._waiting -= 1
        try:
            return picture_pipe.unpack_answer(message)
        except FormatError as error:
            raise SourceError("The decoder gave no answer that can be used.") from error

    async def _ask(self, message: bytes) -> bytes:
        try:
            async with worker(self._module) as process, asyncio.timeout(self._deadline_s):
                return await self._exchange(process, message)
        except TimeoutError as error:
            raise SourceError(f"The picture was not decoded within {self._deadline_s:g} s.") from error
        except OSError as error:
            raise SourceError(f"No decoder can be started: {error.strerror}.") from error

    async def _exchange(self, process: Process, message: bytes) -> bytes:
        pipe, answer = process.stdin, process.stdout
        assert pipe is not None, "the worker is started with pipes"
        assert answer is not None, "the worker is started with pipes"
        try:
            pipe.write(message)
            await pipe.drain()
            pipe.close()
        except OSError:
            logger.debug("a decoder ended before it had its picture")
        parts: list[bytes] = []
        size = 0
        while size <= MAX_ANSWER_BYTES and (part := await answer.read(1 << 20)):
            parts.append(part)
            size += len(part)
        if not parts:
            raise SourceError(f"The decoder ended without an answer ({await process.wait()}).")
        return b"".join(parts)
