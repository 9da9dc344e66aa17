"""Recorder: makes the clips that are wanted, and wants those of alerts. Each server has one; each clip is made once."""

import asyncio
import logging
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.core import clip_wishes, manifest
from server.core.alerts import AlertRecord
from server.core.clips import ClipCamera, ClipRecord, Film, Retention
from server.core.entry import Entry
from server.core.manifest import Clock
from server.errors import ClipUnavailable, LogUnavailable
from server.lanes.cameras import CameraBoard
from server.lanes.recording import Past, Recording
from server.lanes.system_clock import system_clock
from server.media import clip_cutter, clip_part
from server.media.clip_folder import ClipStore, name_of
from server.media.clip_part import ClipPart
from server.store import alerts, clip_work, clips
from server.store.clip_work import Running
from server.store.db import Database

logger = logging.getLogger(__name__)

LOOK_EVERY_S = 2.0
"""And say as often that we are at it, so that others notice before a camera that nobody wants is let go of."""
GATHER_S = 0.1
"""What comes within it is looked at together."""
MAX_HEARD = 500
MAX_RANKED = 10
"""Alerts in one look: to find the cameras of one takes a city a millisecond."""
MAX_AT_ONCE = 40
"""Clips that one server records; the others wait for another one, or their turn."""
MAX_CUTTING = 1
STORE_AGAIN_S = 10.0
STORE_FOR_S = 600.0
MAX_REMEMBERED = 1000
CATCH_UP_MS = clip_wishes.AFTER_MS


class Holds(Protocol):
    """Streams that are wanted though nobody watches them (rooms.py)."""

    def hold(self, number: int) -> None: ...

    def release(self, number: int) -> None: ...


class Recorder:
    def __init__(
        self,
        db: Database,
        board: CameraBoard,
        past: Past,
        holds: Holds,
        store: ClipStore,
        parts: Path,
        key: Ed25519PrivateKey,
        *,
        retention: Retention,
        record_alerts: bool,
        keep_free_bytes: int,
        installation: str,
        software: str,
        now_ms: Callable[[], int],
    ) -> None:
        """
        Args:
            parts: folder of what is being recorded.
            keep_free_bytes: on its disk, for the log, without which no alert is accepted.
        """
        self._db = db
        self._board = board
        self._past = past
        self._holds = holds
        self._store = store
        self._parts = parts
        self._key = key
        self._retention = retention
        self._record_alerts = record_alerts
        self._keep_free_bytes = keep_free_bytes
        self._installation = installation
        self._software = software
        self._now_ms = now_ms
        self._server = secrets.token_hex(8)
        self._heard: dict[str, Mapping[str, Any]] = {}
        """Alerts that may want clips, as they were told last; not looked at yet."""
        self._asked: OrderedDict[str, None] = OrderedDict()
        """Alerts whose clips were ordered."""
        self._tasks: dict[str, asyncio.Task[None]] = {}
        """By clip."""
        self._held: set[int] = set()
        self._cutting = asyncio.Semaphore(MAX_CUTTING)
        self._news = asyncio.Event()
        self._trouble = ""
        """Why the last clip could not be kept; "" when it could."""

    @property
    def cameras(self) -> Mapping[str, ClipCamera]:
        """As clips name them."""
        return {
            camera.id: ClipCamera(camera.id, camera.number, camera.name, len(camera.masks))
            for camera in self._board.cameras.values()
        }

    def problems(self) -> list[str]:
        """What an operator should know, in sentences."""
        return [f"Clips can't be kept: {self._trouble}"] if self._trouble else []

    def wake(self) -> None:
        """A clip was ordered."""
        self._news.set()

    def on_entry(self, entry: Entry) -> None:
        """Take an entry of the log. Of too many alerts at once the first are looked at."""
        if entry.kind == "alert":
            self._hear(entry.payload["alert"])

    async def run(self) -> None:
        """Record until cancelled."""
        await self._catch_up()
        try:
            async with asyncio.TaskGroup() as group:
                while True:
                    with suppress(LogUnavailable):
                        await self._look(group)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(LOOK_EVERY_S):
                            await self._news.wait()
                    await asyncio.sleep(GATHER_S)
                    self._news.clear()
        finally:
            self._hold(frozenset())
            # Others need not wait until our leases lapse.
            with suppress(LogUnavailable):
                await self._db.write(partial(clip_work.let_go, server=self._server))

    def _hear(self, alert: Mapping[str, Any]) -> None:
        # Called for every alert of a flood, so no more than this is done about it here.
        if (
            self._record_alerts
            and alert["priority"] <= clip_wishes.LOWEST_PRIORITY
            and alert["id"] not in self._asked
            and (len(self._heard) < MAX_HEARD or alert["id"] in self._heard)
        ):
            self._heard[alert["id"]] = alert
            self._news.set()

    async def _catch_up(self) -> None:
        """The server that should have heard of the last alerts may have died."""
        with suppress(LogUnavailable):
            since_ms = self._now_ms() - CATCH_UP_MS
            for alert in await self._db.read(partial(alerts.recent, since_ms=since_ms)):
                self._hear(alert.to_wire())

    async def _look(self, group: asyncio.TaskGroup) -> None:
        await self._order_wishes()
        if self._heard:
            self._news.set()
        if self._tasks:
            await self._db.write(partial(clip_work.renew, server=self._server, now_ms=self._now_ms()), bulk=True)
        running = await self._db.read(partial(clip_work.running, now_ms=self._now_ms()))
        others = [one for one in running if one.record.id not in self._tasks]
        self._hold(self._wanted_streams(running))
        free = [one.record.id for one in others if one.is_free][: MAX_AT_ONCE - len(self._tasks)]
        if not free:
            return
        claim = partial(clip_work.claim, wanted=free, server=self._server, now_ms=self._now_ms())
        for taken in await self._db.write(claim, bulk=True):
            clip_id = taken.record.id
            task = self._tasks[clip_id] = group.create_task(self._record(taken), name=f"clip {taken.record.number}")
            task.add_done_callback(partial(self._done, clip_id))

    def _done(self, clip_id: str, _task: asyncio.Task[None]) -> None:
        del self._tasks[clip_id]
        self._news.set()

    async def _order_wishes(self) -> None:
        for alert_id, told in list(islice(self._heard.items(), MAX_RANKED)):
            cameras, states = self._board.cameras.values(), self._board.states()
            wanted = clip_wishes.of_alert(AlertRecord.from_wire(told), cameras, states, self._now_ms())
            if wanted:
                order = partial(clips.order_for_alert, wanted=wanted, cameras=self.cameras, now_ms=self._now_ms())
                await self._db.write(order, bulk=True)
                self._asked[alert_id] = None
                if len(self._asked) > MAX_REMEMBERED:
                    self._asked.popitem(last=False)
            if self._heard.get(alert_id) is told or alert_id in self._asked:
                del self._heard[alert_id]

    def _wanted_streams(self, running: Iterable[Running]) -> frozenset[int]:
        """Ours, those that nobody has taken yet, and those of a server that has fallen silent."""
        numbers = {camera.number for camera in self._board.cameras.values()}
        wanted = {one.record.camera.number for one in running if one.record.id in self._tasks or one.is_quiet}
        return frozenset(wanted & numbers)

    def _hold(self, wanted: frozenset[int]) -> None:
        for number in wanted - self._held:
            self._holds.hold(number)
        for number in self._held - wanted:
            self._holds.release(number)
        self._held = set(wanted)

    # --- one clip

    async def _record(self, taken: Running) -> None:
        clip = taken.record
        logger.info("clip %d begins, turn %d", clip.number, taken.turn)
        try:
            part = await ClipPart.begin(self._parts, clip.number, taken.turn, keep_free_bytes=self._keep_free_bytes)
            recording = Recording(clip, part, self._past, now_ms=self._now_ms)
            await recording.run()
            target = self._parts / name_of(clip.number, taken.turn)
            async with self._cutting:
                film = await asyncio.to_thread(clip_cutter.cut, part.path, target, until_ms=clip.to_ms)
            if film is None:
                reason = recording.reason or "The camera gave no picture in this time."
                await self._conclude(clip.failed(reason, now_ms=self._now_ms()))
            else:
                await self._put(target)
                await self._keep(clip, film, recording.behind_at_most_ms)
        except ClipUnavailable as error:
            logger.error("clip %d has failed: %s", clip.number, error)
            self._trouble = error.message
            await self._conclude(clip.failed(error.message, now_ms=self._now_ms()))
        finally:
            logger.info("clip %d ends", clip.number)

    async def _put(self, target: Path) -> None:
        """A store that is away for a moment costs no clip.

        Raises:
            ClipUnavailable: it was away for too long.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + STORE_FOR_S
        while True:
            try:
                await self._store.put(target)
            except ClipUnavailable as error:
                self._trouble = error.message
                if loop.time() >= until:
                    raise
                await asyncio.sleep(STORE_AGAIN_S)
            else:
                self._trouble = ""
                return

    async def _keep(self, clip: ClipRecord, film: Film, behind_at_most_ms: int | None) -> None:
        system = await asyncio.to_thread(system_clock)
        clock = Clock(
            behind_at_most_ms,
            None if system is None else system.is_synchronized,
            None if system is None else system.max_error_ms,
        )
        kept = clip.kept(film, now_ms=self._now_ms(), keep_ms=self._retention.of(clip))
        said = manifest.of_clip(kept, film, clock, installation=self._installation, software=self._software)
        if not await self._conclude(kept, text=manifest.sign(said, self._key), file=film.name):
            with suppress(ClipUnavailable):
                await self._store.remove(film.name)

    async def _conclude(self, clip: ClipRecord, *, text: str | None = None, file: str | None = None) -> bool:
        """Until the log takes it. False: another server has taken the clip over."""
        while True:
            conclude = partial(
                clip_work.conclude, record=clip, server=self._server, now_ms=self._now_ms(), manifest=text, file=file
            )
            try:
                is_ours = await self._db.write(conclude)
            except LogUnavailable:
                await asyncio.sleep(LOOK_EVERY_S)
                continue
            if is_ours:
                # What can't be deleted now the janitor deletes.
                with suppress(ClipUnavailable):
                    await asyncio.to_thread(clip_part.remove, self._parts, clip.number)
            return is_ours
