"""Supervisor: connects the cameras that are wanted, and tells everybody how they are."""

import asyncio
import contextlib
import json
import logging
import random
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NoReturn

from streams.bus import channels
from streams.bus.publisher import FragmentPublisher
from streams.bus.wakeups import Wakeups
from streams.camera_runner import CameraRunner
from streams.cameras.encoder_pool import EncoderPool
from streams.cameras.reader import Reader
from streams.cameras.registry import open_reader
from streams.config import CameraConfig
from streams.demand import LINGER_S, Demand, Leases
from streams.errors import FormatError
from streams.ownership import Sign
from streams.pasts import Pasts
from streams.preset import Stand
from streams.rendition import Rendition, split
from streams.roll_call import RollCall

logger = logging.getLogger(__name__)

STATES_EVERY_S = 2.0
SWEEP_EVERY_S = 1.0

_NONE: frozenset[Rendition] = frozenset()
_SMALLER = frozenset({Rendition.P480, Rendition.P240, Rendition.STILLS})
"""Those that share the encoders of this machine."""


class Supervisor:
    """All cameras of this process, each on its own: none can disturb another.

    It knows all of the configuration, and has something to do with those that are its own (roll_call.py).
    """

    def __init__(
        self,
        cameras: Sequence[CameraConfig],
        publisher: FragmentPublisher,
        wakeups: Wakeups,
        *,
        streams_id: str,
        name: str = "",
        max_encoders: int = 8,
        pasts: Pasts | None = None,
        open_reader: Callable[[CameraConfig], Reader] = open_reader,
        chance: Callable[[], float] = random.random,
        linger_s: float = LINGER_S,
    ) -> None:
        """
        Args:
            streams_id: names this process in what it says on the bus.
            name: of its place among others (ownership.py); "" is ``streams_id``.
            max_encoders: smaller renditions that are made at the same time; cameras' masks are painted beyond that.
            pasts: keep what cameras have shown; None: nothing does.
            open_reader: makes the reader of a camera; may raise a ``SourceError``.
            chance: random, 0 to 1, for back-off.
            linger_s: a camera stays connected so long after the last server has left it.
        """
        self.pasts = pasts
        self._publisher = publisher
        self._wakeups = wakeups
        self._id = streams_id
        self._leases = Leases(linger_s)
        self._pool = EncoderPool(max_encoders, linger_s=linger_s)
        self._encoding: AbstractSet[int] = frozenset()
        """Cameras that something is encoded of, or refused."""
        self._changed: dict[str, CameraRunner] = {}
        self._has_changed = asyncio.Event()
        self._is_garbled = False
        self.runners = {
            camera.number: CameraRunner(
                camera,
                publisher,
                open_reader=open_reader,
                on_change=self._on_change,
                chance=chance,
                past=pasts.of(camera.number) if pasts is not None else None,
            )
            for camera in cameras
        }
        sign = Sign(streams_id, name or streams_id, frozenset(self.runners))
        self.roll_call = RollCall(sign, wakeups, on_change=self._on_owned)
        self._told: AbstractSet[int] = frozenset()
        """Cameras that were ours when that changed last."""
        publisher.on_resume = self._fill_holes

    async def run(self) -> NoReturn:
        """Until cancelled; then cameras are left, viewers get a gap, and the bus is told that this process is gone."""
        try:
            async with asyncio.TaskGroup() as group:
                for runner in self.runners.values():
                    group.create_task(runner.run(), name=f"camera {runner.camera.id}")
                handlers = {channels.DEMAND: self._on_demand, channels.PRESETS: self._on_stand}
                handlers[channels.STREAMS] = self.roll_call.on_sign
                group.create_task(self._wakeups.run(handlers, self._on_reconnect), name="demand")
                group.create_task(self.roll_call.run(), name="roll call")
                group.create_task(self._tell(), name="states")
                group.create_task(self._sweep(), name="sweep")
        finally:
            await self._say_farewell()
            await self.roll_call.say_farewell()
        raise AssertionError("its tasks run for ever")

    def _on_owned(self, owned: AbstractSet[int]) -> None:
        self._apply_leases(time.monotonic())
        for number in owned - self._told:
            self._on_change(self.runners[number])
        self._told = owned

    def _ours(self, numbers: Iterable[int]) -> Iterator[CameraRunner]:
        owned = self.roll_call.owned
        return (self.runners[number] for number in numbers if number in owned)

    def _on_demand(self, payload: bytes) -> None:
        try:
            demand = Demand.from_json(payload)
        except FormatError as error:
            self._say_garbled("demand", error)
            return
        now = time.monotonic()
        joining = self._leases.take(demand, now)
        self._apply_leases(now)
        for number in sorted(joining):
            self._join(demand.server, number)

    def _on_stand(self, payload: bytes) -> None:
        try:
            stand = Stand.from_json(payload)
        except FormatError as error:
            self._say_garbled("preset", error)
            return
        for runner in self.runners.values():
            if runner.camera.id == stand.camera:
                runner.take_stand(stand)

    def _say_garbled(self, what: str, error: FormatError) -> None:
        if not self._is_garbled:
            logger.warning("%s not understood: %s", what, error)
            self._is_garbled = True

    def _join(self, server_id: str, number: int) -> None:
        """Give a server what it needs to show the stream at once."""
        camera_number, rendition = split(number)
        for runner in self._ours((camera_number,)):
            if burst := runner.burst(rendition):
                self._publisher.publish_join(server_id, burst)
            else:
                runner.hurry()

    def _fill_holes(self) -> None:
        """Fragments can be sent again after some were lost: give everybody the whole group of pictures."""
        now = time.monotonic()
        for number in self._leases.leased(now):
            camera_number, rendition = split(number)
            for runner in self._ours((camera_number,)):
                if burst := runner.burst(rendition):
                    for server_id in self._leases.servers_of(number, now):
                        self._publisher.publish_join(server_id, burst)

    def _apply_leases(self, now: float) -> None:
        leased, wanted = self._leases.renditions(now), self._leases.wanted(now)
        owned = self.roll_call.owned
        leased = {number: renditions for number, renditions in leased.items() if number in owned}
        for number, runner in self.runners.items():
            runner.lease(leased.get(number, _NONE))
            runner.want(number in owned and (runner.camera.always_on or number in wanted))
        self._share_encoders(leased, now)

    def _share_encoders(self, leased: Mapping[int, AbstractSet[Rendition]], now: float) -> None:
        # A camera that is lost for long leaves its places to others.
        asked = {
            number: smaller
            for number, renditions in leased.items()
            if (smaller := renditions & _SMALLER) and self.runners[number].health.state != "down"
        }
        self._pool.update(asked, now)
        encoding = set()
        for number in self._encoding | asked.keys():
            encoded, refused = self._pool.encoded(number), self._pool.refused(number)
            self.runners[number].encode(encoded, refused, self._pool.refusal)
            if encoded or refused:
                encoding.add(number)
        self._encoding = encoding

    async def _sweep(self) -> NoReturn:
        while True:
            self._apply_leases(time.monotonic())
            for runner in self.runners.values():
                runner.tick()
            await asyncio.sleep(SWEEP_EVERY_S)

    def _on_change(self, runner: CameraRunner) -> None:
        self._changed[runner.camera.id] = runner
        self._has_changed.set()

    def _on_reconnect(self) -> None:
        """Demands have been missed, perhaps one of a server that has missed pictures, and that a camera moves."""
        self.roll_call.say_soon()
        self._fill_holes()
        for runner in self.runners.values():
            runner.forget_stand()
            self._on_change(runner)

    async def _tell(self) -> NoReturn:
        """States: what has changed at once, and everything every 2 s."""
        loop = asyncio.get_running_loop()
        full_at = loop.time()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(full_at):
                    await self._has_changed.wait()
            self._has_changed.clear()
            changed, self._changed = self._changed, {}
            numbers = [runner.camera.number for runner in changed.values()]
            if is_full := loop.time() >= full_at:
                full_at = loop.time() + STATES_EVERY_S
            if runners := list(self._ours(self.runners if is_full else numbers)):
                await self._say(runners, is_full=is_full)

    async def _say(self, runners: Iterable[CameraRunner], *, is_full: bool) -> None:
        states = {runner.camera.id: {"number": runner.camera.number, **runner.health.to_bus()} for runner in runners}
        message = {"streams": self._id, "full": is_full, "at_ms": time.time_ns() // 1_000_000, "cameras": states}
        await self._wakeups.publish(channels.STATES, json.dumps(message, ensure_ascii=False))

    async def _say_farewell(self) -> None:
        """Shown until another process takes over; ``full`` is false because nothing more comes from this one."""
        now_ms = time.time_ns() // 1_000_000
        gone = {"state": "unknown", "since_ms": now_ms, "reason": "Its reader was stopped.", "code": ""}
        states = {
            runner.camera.id: {"number": runner.camera.number, **gone} for runner in self._ours(self.roll_call.owned)
        }
        message = {"streams": self._id, "full": False, "at_ms": now_ms, "cameras": states}
        await self._wakeups.publish(channels.STATES, json.dumps(message))
