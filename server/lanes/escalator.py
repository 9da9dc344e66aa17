"""Escalator: takes the steps of all ladders when they are due. Every server has one; each step is taken once."""

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from sqlalchemy import Connection

from server.core.entry import Entry
from server.core.escalation import Ladder
from server.core.planner import Planner
from server.core.timetable import Due, Timetable
from server.errors import LogUnavailable
from server.lanes.log import LogFollower
from server.store import climbs, escalations, log
from server.store.db import Database

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
READ_EVERY_S = 10.0
"""For ladders that nobody has told of: those of a server that died before it could."""
MAX_AT_ONCE = 100
"""Steps in one transaction: other writes wait for it."""


def steady_ms() -> int:
    """Milliseconds that nobody sets; they go on while the machine sleeps."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


class Escalator:
    def __init__(
        self,
        db: Database,
        follower: LogFollower,
        planner: Callable[[], Planner],
        *,
        now_ms: Callable[[], int],
        steady_ms: Callable[[], int] = steady_ms,
    ) -> None:
        self._db = db
        self._follower = follower
        self._planner = planner
        self._now_ms = now_ms
        self._steady_ms = steady_ms
        self._timetable = Timetable()
        self._unheard: tuple[int, list[Ladder]] | None = None
        """What the table held when the log ended at this position, until we have heard the log up to there."""
        self._sooner = asyncio.Event()
        self._looks_ms = 0
        follower.listeners.append(self._on_entry)

    async def run(self) -> None:
        """Take what is due, until cancelled."""
        read_ms: int | None = None
        while True:
            now_ms = self._steady_ms()
            if read_ms is None or now_ms - read_ms >= 1000 * READ_EVERY_S:
                read_ms = now_ms if await self._read() else None
            self._note_found()
            while due := self._timetable.take(self._steady_ms(), MAX_AT_ONCE):
                if not await self._climb(due):
                    break
            await self._sleep()

    def _on_entry(self, entry: Entry) -> None:
        if entry.kind != "alert":
            return
        alert = entry.payload["alert"]
        # Alerts of the first release have no ladder.
        escalation = alert.get("escalation")
        self._timetable.told(
            alert["id"],
            escalation["next_ms"] if escalation else None,
            told_ms=entry.at_ms,
            now_ms=self._steady_ms(),
        )
        next_ms = self._timetable.next_ms()
        if next_ms is not None and next_ms < self._looks_ms:
            self._sooner.set()

    async def _read(self) -> bool:
        """Look for ladders that are not known yet; False when the table can't be read."""
        try:
            self._unheard = await self._db.read(_waiting)
        except LogUnavailable:
            return False
        return True

    def _note_found(self) -> None:
        """An entry counts for more than the table: while some of those that made it what it is are still on their way,
        a clock that differs from the writer's would take steps too early."""
        if self._unheard is None or self._follower.position < self._unheard[0]:
            return
        (_, ladders), self._unheard = self._unheard, None
        for ladder in ladders:
            assert ladder.due_ms is not None, "those that wait for something"
            self._timetable.found(
                ladder.alert_id,
                ladder.due_ms,
                delay_ms=ladder.delay_ms,
                wall_ms=self._now_ms(),
                now_ms=self._steady_ms(),
            )

    async def _climb(self, due: list[Due]) -> bool:
        """Take these steps; False when they have to be tried again."""
        taken_ms = self._steady_ms()
        work = partial(climbs.climb, due=due, planner=self._planner(), now_ms=self._now_ms())
        try:
            entries = await self._db.write(work)
        except LogUnavailable:
            logger.error("%d steps are due and can't be written; tried again in a second", len(due))
            for each in due:
                self._timetable.put_back(each, taken_ms)
            return False
        for entry in entries:
            self._follower.announce(entry)
        return True

    async def _sleep(self) -> None:
        """Until the next step is due, a second at most, or until there is one that comes sooner."""
        now_ms, next_ms = self._steady_ms(), self._timetable.next_ms()
        for_ms = int(1000 * LOOK_EVERY_S)
        if next_ms is not None and next_ms > now_ms:
            for_ms = min(for_ms, next_ms - now_ms)
        self._looks_ms = now_ms + for_ms
        self._sooner.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(for_ms / 1000):
                await self._sooner.wait()


def _waiting(conn: Connection) -> tuple[int, list[Ladder]]:
    """The ladders that wait for something, and a position that none of them is newer than."""
    ladders = escalations.waiting(conn)
    return log.head(conn), ladders
