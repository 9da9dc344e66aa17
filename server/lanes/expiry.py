"""Expiry: ends alerts and bulletins when their time is up, once, with any number of servers."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from math import inf
from types import ModuleType

from sqlalchemy import Connection

from server.core.entry import Entry
from server.errors import LogUnavailable
from server.lanes.log import LogFollower
from server.store import alerts, bulletins
from server.store.db import Database

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
READ_EVERY_S = 10.0
"""What can end is known from the entries; the table is read again so often all the same."""
STORES: tuple[ModuleType, ...] = (alerts, bulletins)
"""Each with ``next_expiry`` and ``expire_due``."""


class Expiry:
    def __init__(self, db: Database, follower: LogFollower, *, now_ms: Callable[[], int]) -> None:
        self._db = db
        self._announce = follower.announce
        self._now_ms = now_ms
        self._due_ms: int | None = None
        """When something ends next; None: nothing does."""
        self._read_at = -inf
        follower.listeners.append(self._on_entry)

    def _on_entry(self, entry: Entry) -> None:
        if entry.kind in {"alert", "bulletin"}:
            self._read_at = -inf

    async def run(self) -> None:
        """Look each second, until cancelled; a write only when something is due."""
        loop = asyncio.get_running_loop()
        is_blind = False
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                if loop.time() - self._read_at >= READ_EVERY_S or self._is_due:
                    self._read_at = loop.time()
                    await self._expire()
                is_blind = False
            except LogUnavailable:
                if not is_blind:
                    logger.warning("nothing can expire: the log is not available")
                is_blind = True
                self._read_at = -inf

    @property
    def _is_due(self) -> bool:
        return self._due_ms is not None and self._due_ms <= self._now_ms()

    async def _expire(self) -> None:
        self._due_ms = await self._db.read(_next_expiry)
        if not self._is_due:
            return
        for store in STORES:
            for entry in await self._db.write(partial(store.expire_due, now_ms=self._now_ms())):
                self._announce(entry)


def _next_expiry(conn: Connection) -> int | None:
    return min((at_ms for store in STORES if (at_ms := store.next_expiry(conn)) is not None), default=None)
