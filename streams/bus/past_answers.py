"""PastAnswers: tells servers what the cameras of this process have shown lately."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from math import inf
from typing import NoReturn

from streams.bus import channels
from streams.bus.past_messages import PastAsk, PastEnd, PastHead, read_request
from streams.bus.past_publisher import PastPublisher
from streams.bus.wakeups import Wakeups
from streams.errors import BusError, FormatError
from streams.past import Past, Span
from streams.pasts import Pasts

logger = logging.getLogger(__name__)

MAX_ANSWERS = 64
"""At a time. What is being answered stays in memory though the past has let go of it."""
BATCH_BYTES = 64 * 1024
"""So much is sent between two waits for Redis, which passes on live pictures meanwhile."""
TIRED_AFTER_S = 60.0
"""Who gives no credit for so long is gone."""
TICK_EVERY_S = 1.0
MAX_CLOCK = 64
"""So often may a camera's clock be set, or the camera be lost, until it is not told any more when that was."""


class PastAnswers:
    """Each ask is answered on its own connection and at its asker's pace. A camera that is not of this process is not
    answered for, but with what is left of it: another one may have it."""

    def __init__(
        self,
        url: str,
        pasts: Pasts,
        *,
        streams_id: str,
        owned_s: Callable[[int], float | None] = lambda _: inf,
    ) -> None:
        """
        Args:
            owned_s: for how long a camera, by its number, has been of this process; None when it is not.
        """
        self._url = url
        self._pasts = pasts
        self._id = streams_id
        self._owned_s = owned_s
        self._wakeups = Wakeups(url)
        self._credits: dict[str, _Credit] = {}
        """By ask, of those that are being answered."""
        self._group = asyncio.TaskGroup()
        self._is_garbled = False

    @property
    def listens(self) -> asyncio.Event:
        """Set while asks come in."""
        return self._wakeups.subscribed

    async def run(self) -> NoReturn:
        """Answer, and let the past grow old, until cancelled."""
        try:
            async with self._group as group:
                group.create_task(self._wakeups.run({channels.PAST: self._on_request}), name="past asks")
                group.create_task(self._grow_old(), name="past")
        finally:
            await self._wakeups.close()
        raise AssertionError("its tasks run for ever")

    async def _grow_old(self) -> NoReturn:
        while True:
            self._pasts.tick(time.monotonic())
            await asyncio.sleep(TICK_EVERY_S)

    def _on_request(self, payload: bytes) -> None:
        try:
            request = read_request(payload)
        except FormatError as error:
            if not self._is_garbled:
                logger.warning("ask not understood: %s", error)
                self._is_garbled = True
            return
        if isinstance(request, PastAsk):
            self._on_ask(request)
        elif request.streams == self._id and (credit := self._credits.get(request.ask)) is not None:
            credit.give(request.credit_bytes)

    def _on_ask(self, ask: PastAsk) -> None:
        past = self._pasts.known(ask.camera_number)
        if ask.ask in self._credits or (past is None and self._pasts.past_s):
            return
        if len(self._credits) >= MAX_ANSWERS:
            self._refuse(ask, f"{MAX_ANSWERS} others are told of the past at this moment. Try again in a moment.")
            return
        span = past.between(ask.from_ms, ask.to_ms) if past is not None else None
        owned_s = self._owned_s(ask.camera_number)
        if span is None:
            if owned_s is not None:
                self._refuse(ask, _why_not(past, self._pasts.past_s, owned_s))
            return
        # Another process may still have what was before the camera was ours.
        is_all = owned_s is not None and (owned_s >= self._pasts.past_s or span.from_ms <= ask.from_ms)
        clock = span.clock[:MAX_CLOCK]
        head = PastHead(self._id, len(span.messages), int(span.from_ms), int(span.to_ms), clock, is_all=is_all)
        credit = self._credits[ask.ask] = _Credit()
        self._group.create_task(self._answer(ask, head, span, credit), name="past answer")

    def _refuse(self, ask: PastAsk, reason: str) -> None:
        head = PastHead(self._id, messages=0, reason=reason)
        self._group.create_task(self._wakeups.publish(channels.past(ask.ask), head.to_json()), name="past refusal")

    async def _answer(self, ask: PastAsk, head: PastHead, span: Span, credit: "_Credit") -> None:
        publisher = PastPublisher(self._url, ask.ask)
        try:
            await publisher.connect()
            await publisher.publish([head.to_json()])
            await self._send(span, publisher, credit)
            logger.info("past told: camera %d, %d messages", ask.camera_number, len(span.messages))
        except TimeoutError:
            logger.info("past not wanted any more: camera %d", ask.camera_number)
        except BusError as error:
            logger.warning("past not told: camera %d: %s", ask.camera_number, error, extra={"code": error.code})
        finally:
            del self._credits[ask.ask]
            publisher.close()

    async def _send(self, span: Span, publisher: PastPublisher, credit: "_Credit") -> None:
        """
        Raises:
            BusError: Redis does not take it.
            TimeoutError: the asker takes no more, or not all of it.
        """
        sent, sent_bytes = 0, 0
        while sent < len(span.messages):
            allowed_bytes = sent_bytes + min(BATCH_BYTES, await credit.beyond(sent_bytes))
            first = sent
            while sent < len(span.messages) and sent_bytes < allowed_bytes:
                sent_bytes += len(span.messages[sent])
                sent += 1
            await publisher.publish(span.messages[first:sent])
        await publisher.publish([PastEnd(self._id, sent).to_json()])


class _Credit:
    """How much an asker wants to be sent."""

    def __init__(self) -> None:
        self._bytes = 0
        self._is_over = False
        self._given = asyncio.Event()

    def give(self, credit_bytes: int) -> None:
        """So many in all; 0: no more."""
        self._is_over |= credit_bytes <= 0
        self._bytes = max(self._bytes, credit_bytes)
        self._given.set()

    async def beyond(self, sent_bytes: int) -> int:
        """How many more than these may be sent, as soon as it is one.

        Raises:
            TimeoutError: none may be, or nothing was heard for ``TIRED_AFTER_S``.
        """
        async with asyncio.timeout(TIRED_AFTER_S):
            while self._bytes <= sent_bytes and not self._is_over:
                self._given.clear()
                await self._given.wait()
        if self._is_over:
            raise TimeoutError
        return self._bytes - sent_bytes


def _why_not(past: Past | None, past_s: float, owned_s: float) -> str:
    if past is None:
        return "Nothing of what cameras have shown is kept here: past_s of [streams] is 0."
    reach = past.reach()
    if reach is None and owned_s < past_s:
        return f"Nothing of the camera is kept: its reader has had it for {owned_s:.0f} s, and no picture yet."
    if reach is None:
        return f"Nothing of the camera is kept: it has shown nothing in the last {past_s:g} s."
    first, last = (datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M:%S") for at_ms in reach)
    return f"Kept is what the camera has shown from {first} to {last} UTC, nothing of what is asked for."
