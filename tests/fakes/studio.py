"""A streams process of a test's own: the real bus, pictures made by hand."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from streams.bus import channels
from streams.bus.publisher import FragmentPublisher
from streams.bus.wakeups import Wakeups
from streams.demand import Demand, Leases
from streams.fragment import HEADER, Flag, Fragment, Kind, pack
from streams.rendition import split
from streams.ring import Ring

_INIT = (Path(__file__).parents[1] / "vectors/wire/init.bin").read_bytes()[HEADER.size :]


class StudioCamera:
    """Counts its messages as a reader does, and keeps the ring that a newcomer is sent.

    Of another rendition than the source when its number is that of such a stream.
    """

    def __init__(self, studio: "Studio", number: int) -> None:
        self.number = number
        self.ring = Ring()
        self.sent: list[Fragment] = []
        self._studio = studio
        self._sequence = 0

    def init(self, body: bytes = _INIT) -> Fragment:
        return self._send(Kind.INIT, Flag.DISCONTINUITY, body)

    def key(self, size: int = 100, *, body: bytes = b"") -> Fragment:
        return self._send(Kind.FRAME, Flag.KEY, body or bytes(size))

    def delta(self, size: int = 100) -> Fragment:
        return self._send(Kind.FRAME, Flag.NONE, bytes(size))

    def group(self, deltas: int, size: int = 100) -> None:
        self.key(size)
        for _ in range(deltas):
            self.delta(size)

    def jpeg(self, body: bytes = b"\xff\xd8\xff\xd9") -> Fragment:
        return self._send(Kind.JPEG, Flag.KEY, body)

    def gap(self) -> Fragment:
        return self._send(Kind.GAP, Flag.NONE, b"")

    def lose(self) -> None:
        """A message that nobody gets."""
        self._sequence += 1

    def _send(self, kind: Kind, flags: Flag, body: bytes) -> Fragment:
        camera_number, rendition = split(self.number)
        fragment = pack(
            kind,
            flags,
            camera_number=camera_number,
            sequence=self._sequence,
            captured_ms=time.time() * 1000,
            dts=0,
            body=body,
            rendition=rendition,
        )
        self._sequence += 1
        self.ring.append(fragment)
        self.sent.append(fragment)
        self._studio.publisher.publish(fragment)
        return fragment


class Studio:
    def __init__(self, url: str) -> None:
        self.publisher = FragmentPublisher(url)
        self.wakeups = Wakeups(url)
        self.cameras: dict[int, StudioCamera] = {}
        self.demands: list[Demand] = []
        self._leases = Leases()
        self._heard = asyncio.Condition()

    def camera(self, number: int) -> StudioCamera:
        return self.cameras.setdefault(number, StudioCamera(self, number))

    async def say(self, *, full: bool = False, refused: Sequence[str] = (), **states: str) -> None:
        """Tell everybody the states of cameras, by id (with ``_`` for ``-``), and what can't be encoded of them."""
        now_ms = time.time_ns() // 1_000_000
        no = {"refused": refused, "refusal": "All 8 encoders are in use."} if refused else {}
        cameras = {
            camera.replace("_", "-"): {"number": 0, "state": state, "since_ms": now_ms, "reason": "", **no}
            for camera, state in states.items()
        }
        message = {"streams": "studio", "full": full, "at_ms": now_ms, "cameras": cameras}
        assert await self.wakeups.publish(channels.STATES, json.dumps(message))

    async def wanted(self, *numbers: int, timeout_s: float = 10) -> None:
        """Wait until exactly these cameras are wanted."""
        async with asyncio.timeout(timeout_s), self._heard:
            await self._heard.wait_for(lambda: self.demands and self.demands[-1].cameras == set(numbers))

    def on_demand(self, payload: bytes) -> None:
        demand = Demand.from_json(payload)
        self.demands.append(demand)
        for number in self._leases.take(demand, time.monotonic()):
            if number in self.cameras and (burst := self.cameras[number].ring.burst()):
                self.publisher.publish_join(demand.server, burst)
        asyncio.get_running_loop().create_task(self._tell(), name="demand heard")

    async def _tell(self) -> None:
        async with self._heard:
            self._heard.notify_all()


@asynccontextmanager
async def open_studio(url: str) -> AsyncIterator[Studio]:
    studio = Studio(url)
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(studio.publisher.run()),
            group.create_task(studio.wakeups.run({channels.DEMAND: studio.on_demand})),
        ]
        async with asyncio.timeout(10):
            await studio.wakeups.subscribed.wait()
            while not studio.publisher.is_connected:  # noqa: ASYNC110 - it has no event
                await asyncio.sleep(0.005)
        yield studio
        for task in tasks:
            task.cancel()
    with suppress(asyncio.CancelledError):
        await studio.wakeups.close()
