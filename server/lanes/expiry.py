"""Expiry: ends alerts and bulletins when their time is up, once, with any number of servers."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from types import ModuleType

from server.errors import LogUnavailable
from server.lanes.log import LogFollower
from server.store import alerts, bulletins
from server.store.db import Database

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
STORES: tuple[ModuleType, ...] = (alerts, bulletins)
"""Each with ``next_expiry`` and ``expire_due``."""


class Expiry:
    def __init__(self, db: Database, follower: LogFollower, *, now_ms: Callable[[], int]) -> None:
        self._db = db
        self._announce = follower.announce
        self._now_ms = now_ms

    async def run(self) -> None:
        """Look each second, until cancelled; a write only when something is due."""
        is_blind = False
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                for store in STORES:
                    await self._expire(store)
                is_blind = False
            except LogUnavailable:
                if not is_blind:
                    logger.warning("nothing can expire: the log is not available")
                is_blind = True

    async def _expire(self, store: ModuleType) -> None:
        next_ms: int | None = await self._db.read(store.next_expiry)
        now_ms = self._now_ms()
        if next_ms is not None and next_ms <= now_ms:
            for entry in await self._db.write(partial(store.expire_due, now_ms=now_ms)):
                self._announce(entry)
