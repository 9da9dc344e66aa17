"""CameraRunner: keeps one camera running while it is wanted."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import NoReturn

from streams.access_unit import AccessUnit
from streams.backoff import Backoff
from streams.bus.publisher import FragmentPublisher
from streams.cameras.reader import Reader
from streams.config import CameraConfig
from streams.errors import SourceEnded, SourceError, SourceFull, SourceSilent, SourceUnsupported, StreamsError
from streams.fragment import Fragment
from streams.health import Health
from streams.past import Past
from streams.preset import Stand, View
from streams.relay import Relay
from streams.rendition import Rendition

logger = logging.getLogger(__name__)

STUCK_AFTER_S = 60.0
"""Readers give up by themselves, on silence after 5 s or of slow cameras later; one that shows nothing for so long has
lost its way."""
REST_AFTER_S = 30.0
"""A camera that is lost keeps its encoder so long: most come back soon."""
HURRY_AFTER_S = 1.0
"""Between two tries at least, however many viewers arrive."""


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class CameraRunner:
    """One camera: reader → relay, tried again for ever.

    Nothing that a reader does or raises gets out of here but a state. A camera with masks is live by what comes out of
    its encoder: what is not painted over is not shown.
    """

    def __init__(
        self,
        camera: CameraConfig,
        publisher: FragmentPublisher,
        *,
        open_reader: Callable[[CameraConfig], Reader],
        on_change: Callable[["CameraRunner"], None],
        chance: Callable[[], float],
        past: Past | None = None,
    ) -> None:
        """
        Args:
            on_change: called when ``health`` has another state or reason.
            chance: random, 0 to 1.
            past: keeps what it has shown; None: nothing does.
        """
        self.camera = camera
        self.health = Health(time.monotonic, _now_ms)
        self._view = View(camera.masks, camera.presets)
        self._relay = Relay(camera, publisher, on_shown=self._shown, on_lost=self._encoder_lost, past=past)
        self._open_reader = open_reader
        self._on_change = on_change
        self._chance = chance
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

    def lease(self, renditions: AbstractSet[Rendition]) -> None:
        """What of it somebody follows, from now on."""
        self._relay.lease(renditions)

    def encode(self, renditions: AbstractSet[Rendition], refused: AbstractSet[Rendition], refusal: str) -> None:
        """Make these smaller renditions of it from now on, and say of others why they are not made."""
        self._relay.encode(renditions)
        if failing := self._relay.failing - {Rendition.SOURCE}:
            refused, refusal = refused | failing, self._relay.failure
        if self.health.refuse(refused, refusal):
            self._changed()

    def take_stand(self, stand: Stand) -> None:
        """Where it stands, which decides about its masks."""
        self._view.take(stand, time.monotonic())
        self._mask()

    def forget_stand(self) -> None:
        """It may stand elsewhere: all masks are painted until somebody tells."""
        self._view.forget()
        self._mask()

    def burst(self, rendition: Rendition) -> tuple[Fragment, ...]:
        """What a newcomer gets at once; nothing before there is a picture."""
        return self._relay.burst(rendition)

    def hurry(self) -> None:
        """Somebody has come to watch: if the camera is lost, try again at once."""
        self._hurry.set()

    def tick(self) -> None:
        """Notice a stall, and that nobody tells any more where it stands. Call it about once a second."""
        self._mask()
        if not self.is_wanted:
            return
        if self.health.tick():
            self._changed()
        age_s = self.health.heard_age_s
        if self.health.state == "down" and (age_s is None or age_s > REST_AFTER_S):
            self._relay.rest()
        silent_s = time.monotonic() - self._tried_at
        if age_s is not None:
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
                    tasks = group.create_task(self._relay.run()), group.create_task(self._keep_reading())
                    await self._unwanted.wait()
                    for task in tasks:
                        task.cancel()
            finally:
                self._relay.interrupt()
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
            self._relay.interrupt()
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
        if self.camera.masks:
            self._mask()
            self.health.received()
        try:
            self._relay.push(unit)
        except (StreamsError, ValueError) as error:
            self._end(SourceUnsupported(f"The camera's pictures can't be relayed: {error}."))
        except Exception as error:  # the reader must not be blamed for it, nor lose its footing
            logger.exception("relay failed: %s", self.camera.id)
            self._end(SourceError(f"A picture could not be relayed ({type(error).__name__}); the log says more."))

    def _shown(self, unit: AccessUnit) -> None:
        has_changed = self.health.picture(
            len(unit.data),
            is_key=unit.is_key,
            is_reordered=unit.composition_offset != 0,
            is_recovery=unit.is_recovery,
        )
        if has_changed:
            logger.info("camera live: %s", self.camera.id)
            self._changed()

    def _encoder_lost(self, error: SourceError) -> None:
        if not self.camera.masks or self._limit is None:
            return  # its own pictures go on; or it is lost itself, which says more
        if self.health.lost(SourceError(f"Its masks can't be painted: {error}")):
            self._changed()

    def _end(self, verdict: SourceError) -> None:
        """End the try that is going on, with this error."""
        if self._limit is not None and self._verdict is None:
            self._verdict = verdict
            self._limit.reschedule(asyncio.get_running_loop().time())

    def _mask(self) -> None:
        if self.camera.presets:
            self._relay.mask(self._view.masks(time.monotonic()))

    def _changed(self) -> None:
        self._on_change(self)
