"""SourceWatch: notes when sources are heard; when one is silent for too long, an alert is raised once."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from functools import partial

from server.config import SourceConfig
from server.core.planner import Planner
from server.core.silence import SilentSource
from server.errors import LogUnavailable
from server.lanes.log import LogFollower
from server.lanes.problems import ProblemBoard
from server.store import sources
from server.store.db import Database

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
READ_EVERY_S = 5.0
"""To learn what other servers have heard."""


class SourceWatch:
    def __init__(
        self,
        db: Database,
        follower: LogFollower,
        problems: ProblemBoard,
        planner: Callable[[], Planner],
        configured: Iterable[SourceConfig],
        *,
        now_ms: Callable[[], int],
    ) -> None:
        self._db = db
        self._announce = follower.announce
        self._problems = problems
        self._planner = planner
        self._watched = {
            each.name: SilentSource(each.name, each.heartbeat_s) for each in configured if each.heartbeat_s
        }
        self._now_ms = now_ms
        self._heard_here: set[str] = set()
        """Not written down yet."""
        self._heard_at: dict[str, float] = {}
        """On the clock of the loop, which nobody sets."""
        self._silent: frozenset[str] = frozenset()
        """Those that an alert tells of."""
        self._loop = asyncio.get_running_loop()

    async def open(self) -> None:
        """
        Raises:
            LogUnavailable: the database can't be used.
        """
        if self._watched:
            await self._db.write(partial(sources.begin, names=list(self._watched), now_ms=self._now_ms()))
            await self._read()

    def heard(self, name: str) -> None:
        """A source has sent something good."""
        if name in self._watched:
            self._heard_here.add(name)
            self._heard_at[name] = self._loop.time()

    async def run(self) -> None:
        """Write down who was heard and raise alerts about who was not, until cancelled."""
        read_at = self._loop.time()
        while self._watched:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self._write_heard()
                if self._loop.time() - read_at >= READ_EVERY_S:
                    read_at = self._loop.time()
                    await self._read()
                await self._look()
            except LogUnavailable:
                logger.warning("sources can't be watched: the log is not available")
        await asyncio.Event().wait()

    async def _write_heard(self) -> None:
        for name in sorted(self._heard_here):
            self._announce(await self._db.write(partial(sources.heard, name=name, now_ms=self._now_ms())))
            self._heard_here.discard(name)
            self._silent -= {name}
            self._problems.say(f"source:{name}", None)

    async def _read(self) -> None:
        now, now_ms = self._loop.time(), self._now_ms()
        found = await self._db.read(sources.everything)
        self._silent = frozenset(name for name, heard in found.items() if heard.is_silent)
        for name, source in self._watched.items():
            age_ms = now_ms - found[name].heard_ms
            # One of the future: a clock was set back.
            at = now - max(0, age_ms) / 1000 if age_ms > -sources.CLOCKS_APART_MS else self._heard_at.get(name, now)
            self._heard_at[name] = max(at, self._heard_at.get(name, at))
            self._problems.say(f"source:{name}", source.problem if name in self._silent else None)

    async def _look(self) -> None:
        now = self._loop.time()
        for name, source in self._watched.items():
            if name in self._silent or 1000 * (now - self._heard_at[name]) < source.limit_ms:
                continue
            planner = self._planner()
            work = partial(sources.silent, source=source, planner=planner, now_ms=self._now_ms())
            entry = await self._db.write(work)
            self._announce(entry)
            await self._read()
