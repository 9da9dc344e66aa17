"""PastReader: what a camera has shown lately, from the streams process that has kept it."""

import logging
import math
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from server.errors import PastUnavailable
from streams.bus import channels
from streams.bus.past_follower import PastFollower
from streams.bus.past_messages import PastAsk, PastCredit, PastEnd, PastHead, read_answer
from streams.bus.wakeups import Wakeups
from streams.errors import BusError, FormatError
from streams.fragment import Fragment, unpack

logger = logging.getLogger(__name__)

WINDOW_BYTES = 1024 * 1024
"""On its way to us at most, whoever reads it and however slowly."""
HEAD_TIMEOUT_S = 2.0
REFUSED_WAIT_S = 0.3
"""Another process may still have what one has not: the camera was its own until a moment ago."""
REPEAT_S = 1.0
"""What we said may have been lost."""
SILENT_AFTER_S = 10.0


class PastAnswer:
    """One span of one camera's past, on its way. ``fragments`` is to be read once."""

    def __init__(self, ask: PastAsk, head: PastHead, follower: PastFollower, wakeups: Wakeups) -> None:
        self.from_ms = head.from_ms
        """Capture time of the first picture: the key frame at or before what was asked for, or the oldest there is."""
        self.to_ms = head.to_ms
        """And of the last one."""
        self.clock = head.clock
        """Capture times with their decode times, where these have not gone on alike (``streams.past.Span``)."""
        self._ask = ask
        self._head = head
        self._follower = follower
        self._wakeups = wakeups
        self._granted_bytes = 0
        self._is_over = False

    async def fragments(self) -> AsyncIterator[Fragment]:
        """All of it, in order: an init segment, then whole groups of pictures, and gaps where the camera was lost.

        Raises:
            PastUnavailable: it broke off.
        """
        count = taken_bytes = 0
        while True:
            if self._granted_bytes - taken_bytes <= WINDOW_BYTES // 2:
                self._granted_bytes = taken_bytes + WINDOW_BYTES
                await self._say_credit()
            payload = await self._next(count)
            if payload.startswith(b"{"):
                said = _words(payload)
                if isinstance(said, PastEnd) and said.streams == self._head.streams:
                    self._is_over = True
                    if count != self._head.messages:
                        raise self._broken(count)
                    return
                continue
            try:
                fragment = unpack(payload)
            except ValueError:
                raise self._broken(count) from None
            count += 1
            taken_bytes += len(payload)
            yield fragment

    async def close(self) -> None:
        """Nothing more is wanted."""
        if not self._is_over:
            self._granted_bytes = 0
            await self._say_credit()

    async def _next(self, count: int) -> bytes:
        for _ in range(math.ceil(SILENT_AFTER_S / REPEAT_S)):
            try:
                return await self._follower.next(REPEAT_S)
            except TimeoutError:
                await self._say_credit()
        raise self._broken(count)

    async def _say_credit(self) -> None:
        credit = PastCredit(self._ask.ask, self._head.streams, self._granted_bytes)
        await self._wakeups.publish(channels.PAST, credit.to_json())

    def _broken(self, count: int) -> PastUnavailable:
        return PastUnavailable(
            f"Of {self._head.messages} parts of what the camera has shown only {count} came. Ask again at once: "
            "the rest is kept for moments only."
        )


class PastReader:
    def __init__(self, wakeups: Wakeups, *, bus_url: str, at_most: int = 64) -> None:
        """
        Args:
            at_most: answers at a time; each has a connection to the bus and a window of memory.
        """
        self._wakeups = wakeups
        self._bus_url = bus_url
        self._at_most = at_most
        self._reading = 0

    async def read(self, camera_number: int, from_ms: int, to_ms: int) -> AsyncGenerator[Fragment, None]:
        """An init segment, then whole groups of pictures from the key frame at or before ``from_ms`` to the group of
        ``to_ms``, or to the newest picture that there is; gaps are among them. ``async for fragment in read(…)``;
        who may leave before its end closes it (``contextlib.aclosing``).

        Raises:
            PastUnavailable: nothing of the span is kept, nobody answers, or it broke off in the middle.
        """
        async with self.open(camera_number, from_ms, to_ms) as answer:
            async for fragment in answer.fragments():
                yield fragment

    @asynccontextmanager
    async def open(self, camera_number: int, from_ms: int, to_ms: int) -> AsyncIterator[PastAnswer]:
        """The same, for those who want to know first what they get.

        Raises:
            PastUnavailable: as above.
        """
        if self._reading >= self._at_most:
            raise PastUnavailable(f"{self._reading} others read the past at this moment. Try again in a moment.")
        ask = PastAsk(uuid.uuid4().hex, camera_number, from_ms, to_ms)
        follower = PastFollower(self._bus_url, ask.ask)
        self._reading += 1
        try:
            try:
                await follower.open()
            except BusError as error:
                logger.warning("past can't be asked for: %s", error, extra={"code": error.code})
                raise PastUnavailable("The cameras' readers can't be asked at this moment. Try again soon.") from error
            await self._wakeups.publish(channels.PAST, ask.to_json())
            answer = PastAnswer(ask, await _head(follower), follower, self._wakeups)
            try:
                yield answer
            finally:
                await answer.close()
        finally:
            self._reading -= 1
            follower.close()


async def _head(follower: PastFollower) -> PastHead:
    """The first that has something.

    Raises:
        PastUnavailable: nobody has, or nobody answers.
    """
    refusal = ""
    timeout_s = HEAD_TIMEOUT_S
    while True:
        try:
            said = _words(await follower.next(timeout_s))
        except TimeoutError:
            break
        if isinstance(said, PastHead):
            if said.messages:
                return said
            refusal = refusal or said.reason
            timeout_s = REFUSED_WAIT_S
    if refusal:
        raise PastUnavailable(refusal)
    raise PastUnavailable(f"No reader of the camera has answered within {HEAD_TIMEOUT_S:g} s.")


def _words(payload: bytes) -> PastHead | PastEnd | None:
    """None: those of another version."""
    try:
        return read_answer(payload)
    except FormatError:
        return None
