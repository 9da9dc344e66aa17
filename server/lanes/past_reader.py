"""PastReader: what a camera has shown lately, from the streams process that has kept it."""

import logging
import math
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager

from server.errors import PastUnavailable
from streams.bus import channels
from streams.bus.past_follower import PastFollower
from streams.bus.past_messages import PastAsk, PastCredit, PastEnd, PastHead, read_answer
from streams.bus.wakeups import Wakeups
from streams.errors import BusError, FormatError
from streams.fragment import Fragment, Kind, unpack

logger = logging.getLogger(__name__)

WINDOW_BYTES = 1024 * 1024
"""On its way to us at most, whoever reads it and however slowly."""
HEAD_TIMEOUT_S = 2.0
OTHERS_WAIT_S = 0.3
"""Another process may still have what one has not: the camera was its own until a moment ago."""
REPEAT_S = 1.0
"""What we said may have been lost."""
SILENT_AFTER_S = 10.0


class PastAnswer:
    """One span of one camera's past, on its way. ``fragments`` is to be read once."""

    def __init__(self, ask: PastAsk, heads: Sequence[PastHead], follower: PastFollower, wakeups: Wakeups) -> None:
        """
        Args:
            heads: of the processes that have some of it, one after the other. They send nothing before they are given
                credit, so theirs are told apart by whose turn it is.
        """
        self.from_ms = heads[0].from_ms
        """Capture time of the first picture: the key frame at or before what was asked for, or the oldest there is."""
        self.to_ms = max(head.to_ms for head in heads)
        """And of the last one."""
        self.clock = heads[0].clock
        """Capture times with their decode times, where these have not gone on alike (``streams.past.Span``); of the
        first process, each counts for itself."""
        self._ask = ask
        self._waiting = list(heads)
        self._follower = follower
        self._wakeups = wakeups
        self._granted_bytes = 0

    async def fragments(self) -> AsyncIterator[Fragment]:
        """All of it, in order: an init segment, then whole groups of pictures, and gaps where the camera was lost.
        Where another process goes on, its init segment comes first, and its decode times are others.

        Raises:
            PastUnavailable: it broke off.
        """
        newest_ms = -math.inf
        while self._waiting:
            after_ms, has_begun = newest_ms, False
            async for fragment in self._fragments_of(self._waiting[0]):
                # For a moment two may have read the camera.
                has_begun |= fragment.is_key and fragment.captured_ms > after_ms
                if has_begun or fragment.kind is Kind.INIT:
                    newest_ms = max(newest_ms, fragment.captured_ms)
                    yield fragment

    async def close(self) -> None:
        """Nothing more is wanted."""
        await _decline(self._wakeups, self._ask, self._waiting)

    async def _fragments_of(self, head: PastHead) -> AsyncIterator[Fragment]:
        count = taken_bytes = self._granted_bytes = 0
        while True:
            if self._granted_bytes - taken_bytes <= WINDOW_BYTES // 2:
                self._granted_bytes = taken_bytes + WINDOW_BYTES
                await self._say_credit(head, self._granted_bytes)
            payload = await self._next(head, count)
            if payload.startswith(b"{"):
                said = _words(payload)
                if isinstance(said, PastEnd) and said.streams == head.streams:
                    self._waiting.remove(head)
                    if count != head.messages:
                        raise _broken(head, count)
                    return
                continue
            try:
                fragment = unpack(payload)
            except ValueError:
                raise _broken(head, count) from None
            count += 1
            taken_bytes += len(payload)
            yield fragment

    async def _next(self, head: PastHead, count: int) -> bytes:
        for _ in range(math.ceil(SILENT_AFTER_S / REPEAT_S)):
            try:
                return await self._follower.next(REPEAT_S)
            except TimeoutError:
                await self._say_credit(head, self._granted_bytes)
        raise _broken(head, count)

    async def _say_credit(self, head: PastHead, credit_bytes: int) -> None:
        credit = PastCredit(self._ask.ask, head.streams, credit_bytes)
        await self._wakeups.publish(channels.PAST, credit.to_json())


async def _decline(wakeups: Wakeups, ask: PastAsk, heads: Sequence[PastHead]) -> None:
    for head in heads:
        await wakeups.publish(channels.PAST, PastCredit(ask.ask, head.streams, 0).to_json())


def _broken(head: PastHead, count: int) -> PastUnavailable:
    return PastUnavailable(
        f"Of {head.messages} parts of what the camera has shown only {count} came. Ask again at once: "
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
        ``to_ms``, or to the newest picture that there is; gaps are among them. When the camera was given from one
        process to another meanwhile, what both have. ``async for fragment in read(…)``; who may leave before its end
        closes it (``contextlib.aclosing``).

        Raises:
            PastUnavailable: nothing of the span is kept, nobody answers, or it broke off in the middle.
        """
        async with self._open(camera_number, from_ms, to_ms, joins=True) as answer:
            async for fragment in answer.fragments():
                yield fragment

    @asynccontextmanager
    async def open(self, camera_number: int, from_ms: int, to_ms: int) -> AsyncIterator[PastAnswer]:
        """The same on one timeline, of the process that has most of it; for those who want to know first what they get.

        Raises:
            PastUnavailable: as above.
        """
        async with self._open(camera_number, from_ms, to_ms, joins=False) as answer:
            yield answer

    @asynccontextmanager
    async def _open(self, camera_number: int, from_ms: int, to_ms: int, *, joins: bool) -> AsyncIterator[PastAnswer]:
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
            heads = await _heads(follower)
            if not joins:
                most = max(heads, key=lambda head: min(head.to_ms, to_ms) - max(head.from_ms, from_ms))
                await _decline(self._wakeups, ask, [head for head in heads if head is not most])
                heads = [most]
            answer = PastAnswer(ask, heads, follower, self._wakeups)
            try:
                yield answer
            finally:
                await answer.close()
        finally:
            self._reading -= 1
            follower.close()


async def _heads(follower: PastFollower) -> list[PastHead]:
    """Of all who have something, the earliest first.

    Raises:
        PastUnavailable: nobody has, or nobody answers.
    """
    heads: list[PastHead] = []
    refusal = ""
    timeout_s = HEAD_TIMEOUT_S
    while not any(head.is_all for head in heads):
        try:
            said = _words(await follower.next(timeout_s))
        except TimeoutError:
            break
        if isinstance(said, PastHead):
            if said.messages:
                heads.append(said)
            refusal = refusal or said.reason
            timeout_s = OTHERS_WAIT_S
    if heads:
        return sorted(heads, key=lambda head: head.from_ms)
    if refusal:
        raise PastUnavailable(refusal)
    raise PastUnavailable(f"No reader of the camera has answered within {HEAD_TIMEOUT_S:g} s.")


def _words(payload: bytes) -> PastHead | PastEnd | None:
    """None: those of another version."""
    try:
        return read_answer(payload)
    except FormatError:
        return None
