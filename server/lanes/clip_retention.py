"""ClipRetention: removes clips whose time is up, and what recording has left behind."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path

from server.errors import ClipUnavailable
from server.media import clip_part
from server.media.clip_folder import ClipStore
from server.store import clip_retention, clip_work
from server.store.db import Database

logger = logging.getLogger(__name__)

BATCH = 20
"""What one transaction removes; alerts go first."""


class ClipRetention:
    def __init__(self, db: Database, store: ClipStore, parts: Path, *, now_ms: Callable[[], int]) -> None:
        self._db = db
        self._store = store
        self._parts = parts
        self._now_ms = now_ms

    async def clean(self) -> None:
        """
        Raises:
            LogUnavailable: the database can't be used; the rest follows the next time.
        """
        while await self._db.read(partial(clip_retention.due, now_ms=self._now_ms(), limit=1)):
            # First on record, and out of reach: from here on no legal hold comes too late for the file.
            await self._db.write(partial(clip_retention.remove_due, now_ms=self._now_ms(), limit=BATCH), bulk=True)
        try:
            await self._delete_files()
            running, newest = await self._db.read(clip_work.running_numbers)
            await asyncio.to_thread(clip_part.sweep, self._parts, running, newest)
        except ClipUnavailable as error:
            logger.warning("clips are not cleaned up for now: %s", error)

    async def _delete_files(self) -> None:
        while names := await self._db.read(partial(clip_retention.unfiled, limit=BATCH)):
            for name in names:
                await self._store.remove(name)
            await self._db.write(partial(clip_retention.forget_files, names=names), bulk=True)
