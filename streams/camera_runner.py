"""CameraRunner: keeps one camera running while it is wanted."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from typing import NoReturn

from streams.access_unit import AccessUnit
from streams.backoff import Backoff
from streams.bus.publisher import FragmentPublisher
from streams.cameras.muxer import Muxer
from streams.cameras.reader import Reader
from streams.config import CameraConfig
from streams.errors import SourceEnded, SourceError, SourceFull, SourceSilent, SourceUnsupported, StreamsError
from streams.fragment import Fragment
from streams.health import Health
from streams.ring import Ring

logger = logging.getLogger(__name__)

STUCK_AFTER_S = 60.0
"""Readers give up by themselves, on silence after 5 s; one that shows nothing for so long has lost its way."""
HURRY_AFTER_S = 1.0
"""Between two tries at least, however many viewers arrive."""


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class CameraRunner:
    """One camera: reader → muxer → ring → bus, tried again for ever.

    Nothing that a reader does or raises gets out of here but a state.
    """

    def __init__(
        self,
        camera: CameraConfig,
        publisher: FragmentPublisher,
        *,
        open_reader: Callable[[CameraConfig], Reader],
        on_change: Callable[["CameraRunner"], None],
        chance: Callable[[], float],
    ) -> None:
        """
        Args:
            on_change: called when ``health`` has another state or reason.
            chance: random, 0 to 1.
        """
        self.camera = camera
        self.health = Health(time.monotonic, _now_ms)
        self.ring = Ring()
        self.is_leased = False
        """Whether anybody follows its channel; fragments of others are kept in the ring only."""
        self._publisher = publisher
        self._open_reader = open_reader
        self._on_change = on_change
        self._chance = chance
        self._muxer = Muxer(camera.number)
        self._wanted = asyncio.Event()
        self._unwanted = asyncio.Event()
        self._hurry = asyncio.Event()
        self._limit: asyncio.Timeout | None = None
        self._tried_at = 0.0
        self._verdict: SourceError | None = None

    @property
    def is_wanted(self) -> bool:
        return self._wanted.is_set()

    def want(self, is_wanted: bool) -> None:
        """Connect the camera from now on, or leave it."""
        if is_wanted:
            self._unwanted.clear()
            self._wanted.set()
        else:
            self._wanted.clear()
            self._unwanted.set()

    def hurry(self) -> None:
        """Somebody has come to watch: if the camera is lost, try again at once."""
        self._hurry.set()

    def tick(self) -> None:
        """Notice a stall. Call it about once a second."""
        if not self.is_wanted:
            return
        if self.health.tick():
            self._changed()
        silent_s = time.monotonic() - self._tried_at
        if (age_s := self.health.picture_age_s) is not None:
            silent_s = min(silent_s, age_s)
        if silent_s > STUCK_AFTER_S:
            self._end(SourceSilent(f"The camera shows nothing for {STUCK_AFTER_S:g} s."))

    async def run(self) -> NoReturn:
        """Until cancelled."""
        while True:
            await self._wanted.wait()
            if self.health.wanted():
                self._changed()
            try:
                async with asyncio.TaskGroup() as group:
                    reading = group.create_task(self._keep_reading())
                    await self._unwanted.wait()
                    reading.cancel()
            finally:
                self._interrupt()
                logger.info(
                    "camera closed: %s after %d pictures, %d bytes, %d losses",
                    self.camera.id,
                    self.health.pictures,
                    self.health.bytes,
                    self.health.losses,
                )
                if self.health.unwanted():
                    self._changed()

    async def _keep_reading(self) -> NoReturn:
        backoff = Backoff()
        while True:
            self._hurry.clear()
            self._tried_at = time.monotonic()
            error = await self._try()
            backoff.ran(self.health.live_s)
            self._interrupt()
            before = self.health.state, self.health.code
            if self.health.lost(error):
                self._changed()
            if (self.health.state, self.health.code) != before:
                logger.warning("camera lost: %s: %s", self.camera.id, error, extra={"code": error.code})
            wait_s = backoff.next_s(self._chance())
            if isinstance(error, SourceFull):
                wait_s = max(wait_s, error.wait_s)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._hurry.wait()
                    await asyncio.sleep(self._tried_at + HURRY_AFTER_S - time.monotonic())

    async def _try(self) -> StreamsError:
        """Read the camera once; return why that ended."""
        if self.camera.masks:
            return SourceUnsupported("Masks are not burnt in yet, and without them it is not shown.")
        ended: StreamsError = SourceEnded("The reader ended without a word.")
        self._verdict = None
        limit = self._limit = asyncio.timeout(None)
        try:
            async with limit:
                await self._open_reader(self.camera).run(self._emit)
        except StreamsError as error:
            ended = error
        except Exception as error:
            if not limit.expired():
                logger.exception("camera reader failed: %s", self.camera.id)
            ended = SourceError(f"The reader failed unexpectedly ({type(error).__name__}); the log says more.")
        finally:
            self._limit = None
        return self._verdict or ended

    def _emit(self, unit: AccessUnit) -> None:
        if self._verdict is not None:
            return
        try:
            fragments = self._muxer.push(unit)
        except (StreamsError, ValueError) as error:
            self._end(SourceUnsupported(f"The camera's pictures can't be relayed: {error}."))
            return
        except Exception as error:  # the reader must not be blamed for it, nor lose its footing
            logger.exception("muxer failed: %s", self.camera.id)
            self._end(SourceError(f"A picture could not be relayed ({type(error).__name__}); the log says more."))
            return
        for fragment in fragments:
            self._send(fragment)
        if fragments and self.health.picture(len(unit.data), is_key=unit.is_key):
            logger.info("camera live: %s", self.camera.id)
            self._changed()

    def _send(self, fragment: Fragment) -> None:
        self.ring.append(fragment)
        if self.is_leased:
            self._publisher.publish(fragment)

    def _interrupt(self) -> None:
        """Tell viewers that their last picture is not live any more."""
        if self.ring.fragments:
            self._send(self._muxer.gap(time.time() * 1000))

    def _end(self, verdict: SourceError) -> None:
        """End the try that is going on, with this error."""
        if self._limit is not None and self._verdict is None:
            self._verdict = verdict
            self._limit.reschedule(asyncio.get_running_loop().time())

    def _changed(self) -> None:
        self._on_change(self)
