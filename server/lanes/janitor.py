"""Janitor: removes what nobody asks for any more, a little at a time, so that the database does not grow for ever.

What the audit tells of stays: the log, the audit itself, and every photo that something has shown once.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial

from server.core.camera_changes import KEPT_MS
from server.errors import LogUnavailable
from server.lanes.clip_retention import ClipRetention
from server.media.folder import MediaStore
from server.store import answers, camera_changes, camera_checks, media
from server.store.db import Database
from server.store.media import Unfiled

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 600.0
ANSWERS_MS = 7 * 24 * 3600 * 1000
"""A command that comes again with the same id after that is a new one."""
UPLOADS_MS = 24 * 3600 * 1000
BATCH = 100
"""What one transaction removes; alerts go first."""


class Janitor:
    def __init__(
        self, db: Database, store: MediaStore, *, now_ms: Callable[[], int], clips: ClipRetention | None = None
    ) -> None:
        self._db = db
        self._store = store
        self._clips = clips
        self._now_ms = now_ms

    async def run(self) -> None:
        """Look every ten minutes, until cancelled."""
        while True:
            try:
                await self.clean()
            except LogUnavailable:
                logger.warning("nothing is cleaned up for now: the log is not available")
            await asyncio.sleep(LOOK_EVERY_S)

    async def clean(self) -> None:
        """
        Raises:
            LogUnavailable: the database can't be used; the rest follows the next time.
        """
        await self._forget_answers(self._now_ms() - ANSWERS_MS)
        await self._remove_uploads(self._now_ms() - UPLOADS_MS)
        for forget in (camera_changes.forget, camera_checks.forget):
            await self._db.write(partial(forget, before_ms=self._now_ms() - KEPT_MS), bulk=True)
        if self._clips is not None:
            await self._clips.clean()

    async def _forget_answers(self, before_ms: int) -> None:
        while any(found := await self._db.read(partial(answers.old, before_ms=before_ms, limit=BATCH))):
            await self._db.write(partial(answers.forget, names=found), bulk=True)

    async def _remove_uploads(self, before_ms: int) -> None:
        while await self._db.read(partial(media.unused, before_ms=before_ms, limit=1)):
            # First on record, then their bytes: those that can't be removed now are still known the next time.
            remove = partial(media.remove_unused, before_ms=before_ms, limit=BATCH, now_ms=self._now_ms())
            await self._db.write(remove, bulk=True)
        await self._remove_files()

    async def _remove_files(self) -> None:
        kept, after = 0, ""
        while found := await self._db.read(partial(media.unfiled, after=after, limit=BATCH)):
            removed = [one.media_id for one in found if await self._is_removed(one)]
            await self._db.write(partial(media.forget_files, media_ids=removed), bulk=True)
            kept, after = kept + len(found) - len(removed), found[-1].media_id
            if not removed:
                break  # it is the folder, and not one of them
        if kept:
            logger.warning("photos could not be removed from their folder for now: %d", kept)

    async def _is_removed(self, one: Unfiled) -> bool:
        try:
            # Unless it was sent again since: then its bytes are in use, though its row may come a moment later.
            await self._store.remove(one.media_id, put_before_ms=one.put_before_ms)
        except LogUnavailable:
            return False
        return True
