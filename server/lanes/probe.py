"""Probe: an entry of our own that must come back to us through the lane as alerts do, else the operator is told."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from server.core.audience import NOBODY
from server.core.entry import Entry
from server.errors import LogUnavailable
from server.lanes.log import LogFollower
from server.lanes.problems import ProblemBoard
from server.store import log
from server.store.db import Database

logger = logging.getLogger(__name__)

EVERY_S = 10.0
WITHIN_S = 10.0
CLOCKS_APART_MS = 2_000
CLOCKS_HEARD_S = 60.0
"""Who is not heard any more is no problem of clocks."""

_NOT_WRITTEN = "A test entry could not be written to the log: alerts may not be accepted."
_NOT_BACK = f"A test entry did not come back within {WITHIN_S:.0f} s: alerts may not reach the people on this server."


class Probe:
    def __init__(
        self,
        db: Database,
        follower: LogFollower,
        problems: ProblemBoard,
        *,
        server_id: str,
        now_ms: Callable[[], int],
        every_s: float = EVERY_S,
        within_s: float = WITHIN_S,
    ) -> None:
        self._db = db
        self._follower = follower
        self._problems = problems
        self._server_id = server_id
        self._now_ms = now_ms
        self._every_s = every_s
        self._within_s = within_s
        self._loop = asyncio.get_running_loop()
        self._sent_ms = 0
        self._is_back = asyncio.Event()
        self._apart: dict[str, tuple[int, float]] = {}
        """Of servers whose clocks differ: how often in turn, and when it was seen last."""
        follower.listeners.append(self._on_entry)

    async def run(self) -> None:
        """Send one every 10 s, until cancelled."""
        began = self._loop.time()
        while True:
            await asyncio.sleep(max(0.0, self._every_s - (self._loop.time() - began)))
            began = self._loop.time()
            await self._try()
            self._problems.look()
            for server, (_, heard_at) in list(self._apart.items()):
                if self._loop.time() - heard_at > CLOCKS_HEARD_S:
                    self._clock_is_right(server)

    async def _try(self) -> None:
        self._is_back.clear()
        self._sent_ms = self._now_ms()
        probe = {"server": self._server_id, "sent_ms": self._sent_ms}
        append = partial(log.append, kind="probe", payload={"probe": probe}, audience=NOBODY, at_ms=self._sent_ms)
        try:
            async with asyncio.timeout(self._within_s):
                entry = await self._db.write(append)
        except (LogUnavailable, TimeoutError):
            self._say("write", _NOT_WRITTEN)
            return
        self._say("write", None)
        self._follower.publish_only(entry)
        try:
            async with asyncio.timeout(self._within_s):
                await self._is_back.wait()
        except TimeoutError:
            self._say("probe", _NOT_BACK)
            return
        self._say("probe", None)

    def _say(self, about: str, sentence: str | None) -> None:
        if sentence is not None and sentence not in self._problems.problems():
            logger.error(sentence)
        self._problems.say(about, sentence)

    def _on_entry(self, entry: Entry) -> None:
        if entry.kind != "probe":
            return
        probe = entry.payload["probe"]
        if probe["server"] != self._server_id:
            self._compare(probe["server"], probe["sent_ms"] - self._now_ms())
        elif probe["sent_ms"] == self._sent_ms:
            self._is_back.set()

    def _compare(self, server: str, ahead_ms: int) -> None:
        """One that was on its way for long looks as a clock that is behind; two in turn don't."""
        if abs(ahead_ms) <= CLOCKS_APART_MS:
            self._clock_is_right(server)
            return
        times = self._apart.get(server, (0, 0.0))[0] + 1
        self._apart[server] = (times, self._loop.time())
        if times > 1:
            which = "ahead of" if ahead_ms > 0 else "behind"
            sentence = f"The clock of another server is {abs(ahead_ms) / 1000:.0f} s {which} ours; set them by NTP."
            self._problems.say(f"clock:{server}", sentence)

    def _clock_is_right(self, server: str) -> None:
        self._apart.pop(server, None)
        self._problems.say(f"clock:{server}", None)
