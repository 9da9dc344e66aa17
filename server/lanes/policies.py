"""PolicyBoard: the policies as they are, at hand for every alert."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial

from server.core.policies import Policy
from server.errors import LogUnavailable
from server.store import policies
from server.store.db import Database
from streams.bus import channels
from streams.bus.wakeups import Wakeups

logger = logging.getLogger(__name__)

READ_EVERY_S = 10.0
"""Without the bus another server's change is in force here after so long."""


class PolicyBoard:
    def __init__(self, db: Database, wakeups: Wakeups, *, now_ms: Callable[[], int]) -> None:
        self.by_priority: Mapping[int, Policy] = {}
        """Another object whenever one has changed."""
        self._db = db
        self._wakeups = wakeups
        self._now_ms = now_ms
        self._wake = asyncio.Event()

    async def open(self) -> None:
        """Make the defaults where there are none, and read.

        Raises:
            LogUnavailable: the database can't be used.
        """
        await self._db.write(partial(policies.seed, now_ms=self._now_ms()))
        await self.read()

    async def read(self) -> None:
        """
        Raises:
            LogUnavailable: the database can't be used.
        """
        found = {policy.priority: policy for policy in await self._db.read(policies.everything)}
        if found != self.by_priority:
            self.by_priority = found

    async def changed(self) -> None:
        """One was changed here: it is in force at once, and everywhere soon."""
        self._wake.set()
        await self._wakeups.publish(channels.POLICIES, "{}")

    def on_policies(self, _payload: bytes) -> None:
        """Take a message of the bus channel ``policies``."""
        self._wake.set()

    async def run(self) -> None:
        """Read again what others may have changed, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(READ_EVERY_S):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            try:
                await self.read()
            except LogUnavailable:
                logger.warning("policies can't be read: those that are known stay in force")
