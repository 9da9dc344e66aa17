"""CameraWatch: one of the servers writes down how the cameras are, and checks the picture of each once a day."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial

from sqlalchemy import Connection

from server.core.camera_changes import Change, Changes
from server.core.camera_states import CameraState
from server.core.picture_checks import AGAIN_MS, due_ms
from server.errors import LogUnavailable, StillUnavailable
from server.lanes.cameras import CameraBoard
from server.lanes.picture_checks import PictureChecks
from server.lanes.stills import GIVES_PICTURES
from server.store import camera_changes, camera_checks
from server.store.camera_changes import Watch
from server.store.camera_checks import CheckOrder
from server.store.db import Database
from streams.config import CameraConfig

logger = logging.getLogger(__name__)

SETTLE_S = 8.0
"""After a start, until every reader has said how its cameras are."""
WRITE_EVERY_S = 10.0
"""What has changed is written together."""
ROUND_AFTER_S = 600.0
"""A server that was just started has other things to do than daily checks."""
MAX_WAITING = 100_000
LOOK_EVERY_S = 5.0
BETWEEN_S = 1.0
"""One camera after the other, so that nobody notices."""


class CameraWatch:
    def __init__(
        self,
        db: Database,
        board: CameraBoard,
        checks: PictureChecks,
        *,
        server_id: str,
        now_ms: Callable[[], int],
        settle_s: float = SETTLE_S,
        round_after_s: float = ROUND_AFTER_S,
    ) -> None:
        self._db = db
        self._board = board
        self._checks = checks
        self._server_id = server_id
        self._now_ms = now_ms
        self._settle_s, self._round_after_s = settle_s, round_after_s
        self._changes: Changes | None = None
        """None while another server watches."""
        self._waiting: list[Change] = []
        self._ordered = asyncio.Event()
        self._failed_ms: dict[str, int] = {}
        """When a camera could not be checked, through no fault of its own, as far as is known."""
        board.listeners.append(self._on_states)

    @property
    def is_watching(self) -> bool:
        """Whether it is this server that does so."""
        return self._changes is not None

    def hurry(self) -> None:
        """Something was ordered to be checked."""
        self._ordered.set()

    async def run(self) -> None:
        """Until cancelled."""
        await asyncio.sleep(self._settle_s)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._record(), name="camera changes")
            group.create_task(self._check_all(), name="camera checks")

    async def close(self) -> None:
        """Write what waits, and leave the watch to another server at once."""
        if self._changes is not None:
            with suppress(LogUnavailable):
                await self._write()
                await self._db.write(partial(camera_changes.release, server=self._server_id))

    # --- how they are

    def _on_states(self, changed: Mapping[str, CameraState]) -> None:
        if self._changes is None:
            return
        self._waiting += self._changes.follow(changed, self._now_ms())
        if len(self._waiting) > MAX_WAITING:
            # The database is away. When it is back, this begins anew, and what was meanwhile is unknown.
            self._changes, self._waiting = None, []

    async def _record(self) -> None:
        while True:
            with suppress(LogUnavailable):
                await (self._claim() if self._changes is None else self._write())
            await asyncio.sleep(WRITE_EVERY_S)

    async def _claim(self) -> None:
        claimed = await self._db.write(partial(_claim, server=self._server_id, now_ms=self._now_ms()), bulk=True)
        if claimed is None:
            return
        watch, last = claimed
        self._changes = Changes(last, watch.seen_ms)
        self._waiting = self._changes.resume(self._board.states(), self._now_ms())
        logger.info("this server watches over the cameras")
        await self._write()

    async def _write(self) -> None:
        written = list(self._waiting)
        write = partial(camera_changes.write, changes=written, server=self._server_id, now_ms=self._now_ms())
        if await self._db.write(write, bulk=True):
            del self._waiting[: len(written)]
        else:
            logger.info("another server watches over the cameras")
            self._changes, self._waiting = None, []

    # --- what they show

    async def _check_all(self) -> None:
        loop = asyncio.get_running_loop()
        round_at = loop.time() + self._round_after_s
        while True:
            try:
                if self.is_watching:
                    await self._check_ordered()
                    if loop.time() >= round_at:
                        await self._check_due()
            except LogUnavailable:
                logger.debug("nothing is checked while it can't be written down")
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._ordered.wait()
            self._ordered.clear()

    async def _check_ordered(self) -> None:
        orders = await self._db.read(camera_checks.orders)
        gone = [order.camera for order in orders if order.camera not in self._board.cameras]
        if gone:
            await self._db.write(partial(camera_checks.cancel, cameras=gone), bulk=True)
        for order in orders:
            if order.camera in self._board.cameras and self.is_watching and not self._has_failed(order.camera):
                await self._check(self._board.cameras[order.camera], order)

    async def _check_due(self) -> None:
        for camera in self._due():
            if self._ordered.is_set() or not self.is_watching:
                return
            await self._check(camera)

    def _due(self) -> list[CameraConfig]:
        """Those that answer, the longest unchecked first. Of the others it is known that they do not."""
        now_ms = self._now_ms()
        due = [
            (at_ms, camera.number, camera)
            for camera in self._board.cameras.values()
            if (at_ms := due_ms(self._checks.last(camera.id))) <= now_ms
            and self._board.state_of(camera.id).state in GIVES_PICTURES
            and not self._has_failed(camera.id)
        ]
        return [camera for _, _, camera in sorted(due, key=lambda one: one[:2])]

    def _has_failed(self, camera_id: str) -> bool:
        """Lately: what stops a decoder once may do so every time."""
        return self._now_ms() - self._failed_ms.get(camera_id, -AGAIN_MS) < AGAIN_MS

    async def _check(self, camera: CameraConfig, order: CheckOrder | None = None) -> None:
        try:
            check = await self._checks.check(camera, asked_by=order.asked_by if order else "")
        except StillUnavailable as error:
            self._failed_ms[camera.id] = self._now_ms()
            logger.warning("a camera was not checked: %s", error, extra={"camera": camera.id})
        else:
            logger.info("camera checked: %s", check.outcome, extra={"camera": camera.id})
        await asyncio.sleep(BETWEEN_S)


def _claim(conn: Connection, server: str, now_ms: int) -> tuple[Watch, dict[str, Change]] | None:
    watch = camera_changes.claim(conn, server, now_ms)
    return None if watch is None else (watch, camera_changes.last(conn))
