"""Lines: one to each subscription. On a line there is one call at a time, the most urgent first."""

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from server.core.subscriptions import Bellpull
from server.notify.answer import Answer, Outcome
from server.notify.ring import Ring
from server.store.bells import Claim
from streams.backoff import Backoff

if TYPE_CHECKING:  # its libraries take 20 MB and half a second, which a server without Web Push keeps
    from server.notify.push_service import PushServices

logger = logging.getLogger(__name__)

MAX_CALLS = 10_000
"""Calls that may wait on all lines together; more are left out, and that is said."""
MAX_AT_ONCE = 32


@dataclass(frozen=True, slots=True)
class Call:
    ring: Ring
    pull: Bellpull
    page: str
    with_text: bool

    @property
    def claim(self) -> Claim:
        return self.ring.item, self.ring.revision, self.pull.subscription.id

    def payload(self) -> bytes:
        return self.ring.payload(self.page, with_text=self.with_text)


@dataclass(slots=True)
class _Line:
    pull: Bellpull
    calls: dict[str, Call] = field(default_factory=dict)
    """By topic: of one item only the newest revision waits."""
    news: asyncio.Event = field(default_factory=asyncio.Event)


OnAnswer = Callable[[Call, Answer], Awaitable[None]]
OnDone = Callable[[Call], None]


class Lines:
    def __init__(
        self, services: "PushServices", on_answer: OnAnswer, on_done: OnDone, *, now_ms: Callable[[], int]
    ) -> None:
        """
        Args:
            on_answer: is told every answer; the line waits for it.
            on_done: is told every call that is not made any more: answered, too late, left out, or replaced.
        """
        self._services = services
        self._on_answer = on_answer
        self._on_done = on_done
        self._now_ms = now_ms
        self._lines: dict[str, _Line] = {}
        self._slots = asyncio.Semaphore(MAX_AT_ONCE)
        self._new: asyncio.Queue[_Line] = asyncio.Queue()
        self.waiting = 0
        self.left_out = 0
        """Calls that were left out because too many wait, since the lines were not full."""

    def add(self, call: Call) -> None:
        line_id, topic = call.pull.subscription.id, call.ring.topic
        line = self._lines.get(line_id)
        if self.waiting >= MAX_CALLS and (line is None or topic not in line.calls):
            if not self.left_out:
                logger.error("bells: %d calls wait already, more are left out", MAX_CALLS)
            self.left_out += 1
            self._on_done(call)
            return
        if line is None:
            line = self._lines[line_id] = _Line(call.pull)
            self._new.put_nowait(line)
        line.pull = call.pull
        if topic in line.calls:
            self._on_done(line.calls[topic])
        else:
            self.waiting += 1
        line.calls[topic] = call
        line.news.set()

    async def run(self) -> None:
        """Call until cancelled."""
        async with asyncio.TaskGroup() as group:
            while True:
                group.create_task(self._serve(await self._new.get()), name="bell")

    async def _serve(self, line: _Line) -> None:
        backoff = Backoff()
        while line.calls:
            line.news.clear()
            call = min(line.calls.values(), key=lambda one: one.ring.priority)
            now_ms = self._now_ms()
            if now_ms >= call.ring.until_ms:
                self._done(line, call)
                continue
            async with self._slots:
                answer = await self._services.ring(
                    call.pull.subscription,
                    call.payload(),
                    ttl_s=max((call.ring.until_ms - now_ms) // 1000, 1),
                    urgency=call.ring.urgency,
                    topic=call.ring.topic,
                    now_s=now_ms / 1000,
                )
            await self._on_answer(call, answer)
            await self._conclude(line, call, answer, backoff)
        # Nothing was awaited since the look: no call can have come between.
        del self._lines[line.pull.subscription.id]

    async def _conclude(self, line: _Line, call: Call, answer: Answer, backoff: Backoff) -> None:
        match answer.outcome:
            case Outcome.RUNG | Outcome.REFUSED:
                self._done(line, call)
            case Outcome.GONE:
                for each in list(line.calls.values()):
                    self._done(line, each)
            case Outcome.TOO_LARGE if call.with_text:
                if line.calls.get(call.ring.topic) is call:
                    line.calls[call.ring.topic] = replace(call, with_text=False)
            case Outcome.TOO_LARGE:
                self._done(line, call)
            case Outcome.LATER if answer.retry_after_s is not None:
                await asyncio.sleep(answer.retry_after_s)
            case Outcome.LATER:
                # A new call may be what matters: it is not held up by an old one's misfortune.
                with suppress(TimeoutError):
                    async with asyncio.timeout(backoff.next_s(random.random())):  # noqa: S311 - spreads, hides nothing
                        await line.news.wait()

    def _done(self, line: _Line, call: Call) -> None:
        if line.calls.get(call.ring.topic) is call:
            del line.calls[call.ring.topic]
            self._on_done(call)
            self.waiting -= 1
            if self.left_out and self.waiting < MAX_CALLS // 2:
                logger.warning("bells: %d calls were left out", self.left_out)
                self.left_out = 0
