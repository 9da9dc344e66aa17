"""Looks: every look through a camera is on record, before the first picture leaves and after the last."""

import asyncio
import logging
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection

from server.core.people import Actor
from server.errors import LogUnavailable
from server.store import audit
from server.store.db import Database

logger = logging.getLogger(__name__)

MAX_WAITING = 10_000
MAX_BATCH = 200
RETRY_S = 1.0


@dataclass(frozen=True, slots=True)
class Look:
    """One person looks through one camera."""

    id: str
    actor: Actor
    camera: str
    purpose: str
    started_ms: int


@dataclass(frozen=True, slots=True)
class _Row:
    actor: Actor
    action: str
    camera: str
    details: Mapping[str, Any]
    at_ms: int


class Looks:
    """The beginning of a look is written before it begins; its end soon after, together with others."""

    def __init__(self, db: Database, *, now_ms: Callable[[], int]) -> None:
        self._db = db
        self._now_ms = now_ms
        self._rows: list[_Row] = []
        self._wake = asyncio.Event()
        self._writing = asyncio.Lock()

    async def begin(self, actor: Actor, camera: str, purpose: str, *, lifts_masks: bool = False) -> Look:
        """Put on record that somebody begins to look. Show nothing before this has returned.

        Raises:
            LogUnavailable: it can't be put on record, so nobody may look.
        """
        look = Look(uuid.uuid4().hex, actor, camera, purpose, self._now_ms())
        row = _Row(actor, "camera.watch_started", camera, {"look": look.id, "purpose": purpose}, look.started_ms)
        rows = [row, self._lifted(look, purpose)] if lifts_masks else [row]
        await self._db.write(partial(_write, rows=rows))
        return look

    async def lift_masks(self, look: Look, purpose: str) -> None:
        """Put on record that somebody who looks lifts the masks. Show nothing that they hide before this has returned.

        Raises:
            LogUnavailable: it can't be put on record, so they stay.
        """
        await self._db.write(partial(_write, rows=[self._lifted(look, purpose)]))

    def end(
        self, look: Look, *, frames: int, skipped: int, why: str, shown_ms: Mapping[str, int] = MappingProxyType({})
    ) -> None:
        """Put on record that it has ended; written soon, and again until the log takes it.

        Args:
            shown_ms: for how long each rendition was shown, by its word.
        """
        now_ms = self._now_ms()
        details = {
            "look": look.id,
            "duration_ms": max(0, now_ms - look.started_ms),
            "frames": frames,
            "skipped": skipped,
            "shown_ms": dict(shown_ms),
            "why": why,
        }
        self._add(_Row(look.actor, "camera.watch_ended", look.camera, details, now_ms))

    def refuse(self, actor: Actor, camera: str, purpose: str) -> None:
        """Put on record that somebody wanted to look and was not let."""
        self._add(_Row(actor, "camera.watch_refused", camera, {"purpose": purpose}, self._now_ms()))

    def refuse_to_lift_masks(self, actor: Actor, camera: str, purpose: str) -> None:
        """Put on record that somebody wanted to see what masks hide, and has no right to."""
        self._add(_Row(actor, "camera.mask_lift_refused", camera, {"purpose": purpose}, self._now_ms()))

    def _lifted(self, look: Look, purpose: str) -> _Row:
        details = {"look": look.id, "purpose": purpose}
        return _Row(look.actor, "camera.mask_lifted", look.camera, details, self._now_ms())

    async def run(self) -> None:
        """Write what waits, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                await self._flush()
            except LogUnavailable:
                logger.warning("looks not on record yet: %d", len(self._rows))
                await asyncio.sleep(RETRY_S)
                self._wake.set()

    async def close(self) -> None:
        """Write what waits, once."""
        with suppress(LogUnavailable):
            await self._flush()
        if self._rows:
            logger.error("looks that ended are not on record: %d", len(self._rows))

    def _add(self, row: _Row) -> None:
        if len(self._rows) >= MAX_WAITING:
            # Without the log nobody can begin to look, so this many can't have ended.
            logger.error("looks that ended are not on record: %d", 1)
            return
        self._rows.append(row)
        self._wake.set()

    async def _flush(self) -> None:
        # When the server stops, ``run`` may be at it still.
        async with self._writing:
            while self._rows:
                batch = self._rows[:MAX_BATCH]
                await self._db.write(partial(_write, rows=batch))
                del self._rows[: len(batch)]


def _write(conn: Connection, rows: list[_Row]) -> None:
    for row in rows:
        audit.append(conn, row.actor, row.action, f"camera:{row.camera}", row.details, now_ms=row.at_ms)
