"""LogFollower: this process's place in the log.

An entry is committed, then told: here at once, to the other servers over the bus. The bus only wakes up: a message
whose position is not the next, a reconnect, or the tick of every second makes us read from the log. So entries keep
coming, at the pace of the tick, when the bus is gone.
"""

import asyncio
import json
import logging
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import get_args

from server.core.entry import Entry, Kind
from server.errors import LogUnavailable
from server.store import replays
from server.store.db import Database
from streams.bus import channels
from streams.bus.wakeups import Wakeups

logger = logging.getLogger(__name__)

TICK_S = 1.0
CHUNK = 500
MAX_AHEAD = 1_000
MAX_UNPUBLISHED = 1_000
MAX_TOGETHER = 50
"""Entries in one message on the bus."""

Listener = Callable[[Entry], None]
"""Is given each entry once, in the order of the log; called on the loop, must not block or raise."""


class LogFollower:
    def __init__(self, db: Database, wakeups: Wakeups, *, position: int) -> None:
        """
        Args:
            position: where to begin; usually the head of the log.
        """
        self.position = position
        """Every entry up to here has been given to the listeners."""
        self.listeners: list[Listener] = []
        self._db = db
        self._wakeups = wakeups
        self._wake = asyncio.Event()
        self._ahead: dict[int, Entry] = {}
        """Entries that came before the one they follow."""
        self._unpublished: deque[Entry] = deque(maxlen=MAX_UNPUBLISHED)
        self._publish = asyncio.Event()
        self._is_blind = False

    def announce(self, entry: Entry | None) -> None:
        """Tell everybody of an entry that was committed; None stands for a write that made no entry."""
        if entry is None:
            return
        self.publish_only(entry)
        self._take(entry)

    def publish_only(self, entry: Entry) -> None:
        """Tell the other servers of an entry that was committed; here it is told when it comes back, or at the tick."""
        # When too many wait, the oldest is left out: the others read it from the log.
        self._unpublished.append(entry)
        self._publish.set()

    def on_log(self, payload: bytes) -> None:
        """Take a message of the bus channel ``log``: the position of the last entry in it, a line end, the entries."""
        last, _, body = payload.partition(b"\n")
        if last.isdigit() and int(last) <= self.position:
            return  # most often our own: that they need not be read saves much
        try:
            entries = [Entry.from_bus(message) for message in json.loads(body)]
        except (ValueError, KeyError, TypeError):
            self.wake()
            return
        for entry in entries:
            if entry.kind in get_args(Kind):
                self._take(entry)
            else:
                self.wake()

    def wake(self) -> None:
        """Something may have been missed: read the log."""
        self._wake.set()

    async def catch_up(self) -> None:
        """Read what follows our position, if anything, and tell it; when the log can't be read, the next tick will."""
        while True:
            try:
                entries = await self._db.read(partial(replays.entries_after, position=self.position, limit=CHUNK))
            except LogUnavailable:
                if not self._is_blind:
                    logger.error("log can't be read: nobody here is told anything new until it can")
                self._is_blind = True
                return
            self._is_blind = False
            for entry in entries:
                self._take(entry)
            if len(entries) < CHUNK:
                self._ahead = {position: entry for position, entry in self._ahead.items() if position > self.position}
                return

    async def run(self) -> None:
        """Follow, and tell the other servers, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._follow(), name="log")
            group.create_task(self._publish_entries(), name="publish")

    def _take(self, entry: Entry) -> None:
        if entry.position > self.position + 1:
            # Usually the one between is a moment behind: another request's, whose turn on the loop comes next.
            if len(self._ahead) < MAX_AHEAD:
                self._ahead[entry.position] = entry
            self.wake()
            return
        if entry.position == self.position + 1:
            self._tell(entry)
        while self._ahead and (following := self._ahead.pop(self.position + 1, None)):
            self._tell(following)

    def _tell(self, entry: Entry) -> None:
        self.position = entry.position
        for listener in self.listeners:
            listener(entry)

    async def _follow(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(TICK_S):
                    await self._wake.wait()
            self._wake.clear()
            await self.catch_up()

    async def _publish_entries(self) -> None:
        while True:
            await self._publish.wait()
            self._publish.clear()
            while self._unpublished:
                # What comes while a message is under way goes into the next one together.
                entries = [self._unpublished.popleft() for _ in range(min(MAX_TOGETHER, len(self._unpublished)))]
                await self._wakeups.publish(channels.LOG, to_bus(entries))


def to_bus(entries: Sequence[Entry]) -> str:
    """A message of the bus channel ``log``."""
    return f"{max(entry.position for entry in entries)}\n[{','.join(entry.to_bus() for entry in entries)}]"
