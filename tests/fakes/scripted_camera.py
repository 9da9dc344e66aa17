"""A camera that does what the test says, in place of a reader and the network behind it."""

import asyncio
import time

from streams.access_unit import AccessUnit, VideoParameters
from streams.cameras.reader import Emit
from streams.config import CameraConfig

PARAMETERS = VideoParameters(
    "h264",
    720,
    480,
    "avc1.4D001E",
    (bytes.fromhex("674d001e95a82d0f69b808080810"),),
    (bytes.fromhex("68ee3c80"),),
)


class ScriptedCamera:
    """Also its own reader: ``open`` gives it to the supervisor, ``run`` lasts until the test lets it fail."""

    def __init__(self, number: int, *, always_on: bool = False) -> None:
        self.config = CameraConfig(
            id=f"camera-{number}", number=number, name="", url="rtsp://192.0.2.1/", always_on=always_on
        )
        self.tries = 0
        self.refuses: Exception | None = None
        """Raised by every try while it is set."""
        self.parameters = PARAMETERS
        self._emit: Emit | None = None
        self._end: asyncio.Future[None] | None = None
        self._shown = 0

    @property
    def is_connected(self) -> bool:
        return self._emit is not None

    async def run(self, emit: Emit) -> None:
        self.tries += 1
        if self.refuses is not None:
            raise self.refuses
        self._emit = emit
        self._end = asyncio.get_running_loop().create_future()
        try:
            await self._end
        finally:
            self._emit = None

    def show(self, count: int = 1, *, key: bool = False) -> None:
        """Emit pictures, the first of them a key frame if wished."""
        assert self._emit is not None, "connected"
        for n in range(count):
            self._shown += 1
            data = b"\0\0\0\5\x65" + self._shown.to_bytes(4, "big")
            self._emit(AccessUnit(self.parameters, data, key and n == 0, time.time(), self._shown * 3600))

    def fail(self, error: Exception) -> None:
        """End the connection."""
        assert self._end is not None, "connected"
        self._end.set_exception(error)
