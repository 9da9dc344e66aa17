"""Stills: single pictures of cameras for the server itself; one that nobody watches is connected for the moment."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from server.core.camera_states import CameraState
from server.errors import StillUnavailable
from server.lanes.rooms import Rooms
from streams.cameras.lightbox import Lightbox
from streams.config import CameraConfig
from streams.errors import FormatError, SourceError, SourceGarbled
from streams.formats import fmp4
from streams.formats.picture_pipe import Answer, CodedPicture, Question
from streams.fragment import Fragment, Kind

CONNECT_S = 10.0
POLL_S = 0.05
GIVES_PICTURES = frozenset({"live", "starting", "idle"})


@dataclass(frozen=True, slots=True)
class KeyPicture:
    coded: CodedPicture
    captured_ms: float


class Stills:
    def __init__(
        self,
        rooms: Rooms,
        lightbox: Lightbox,
        state_of: Callable[[str], CameraState],
        *,
        connect_s: float = CONNECT_S,
    ) -> None:
        """
        Args:
            state_of: of a camera, by its id.
            connect_s: so long a camera has to give its first picture.
        """
        self.connect_s = connect_s
        self._rooms = rooms
        self._lightbox = lightbox
        self._state_of = state_of

    async def take(self, camera: CameraConfig) -> tuple[Answer, float]:
        """The newest key frame as JPEG, with what is masked hidden, and when it was captured in milliseconds.

        Raises:
            StillUnavailable: none came in time, or it can't be decoded now; the sentence says why.
        """
        async with self.connected(camera):
            key = await self.key_picture(camera, within_s=self.connect_s)
        try:
            return await self.look(Question(key.coded, masks=camera.masks)), key.captured_ms
        except SourceGarbled as error:
            raise StillUnavailable(str(error)) from error

    @asynccontextmanager
    async def connected(self, camera: CameraConfig) -> AsyncIterator[None]:
        """Pictures come while the block lasts, if the camera gives any."""
        self._rooms.hold(camera.number)
        try:
            yield
        finally:
            self._rooms.release(camera.number)

    async def key_picture(self, camera: CameraConfig, *, after_ms: float = 0, within_s: float) -> KeyPicture:
        """The newest that was captured after that, of a camera that is ``connected``.

        Raises:
            StillUnavailable: none came in time.
        """
        try:
            async with asyncio.timeout(within_s):
                while True:
                    key = _newest_key(self._rooms.burst(camera.number))
                    is_live = self._state_of(camera.id).state in GIVES_PICTURES
                    if key is not None and key.captured_ms > after_ms and is_live:
                        return key
                    # Pictures come some times a second at most, and this is over soon.
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise StillUnavailable(self._why_not(camera, within_s)) from None

    async def look(self, question: Question) -> Answer:
        """
        Raises:
            StillUnavailable: nobody can tell now.
            SourceGarbled: the picture can't be decoded.
        """
        try:
            return await self._lightbox.look(question)
        except SourceGarbled:
            raise
        except SourceError as error:
            raise StillUnavailable(str(error)) from error

    def _why_not(self, camera: CameraConfig, within_s: float) -> str:
        state = self._state_of(camera.id)
        reason = f" It is {state.state}: {state.reason}" if state.reason and state.state != "live" else ""
        return f"The camera gave no whole picture within {within_s:.0f} s.{reason}"


def _newest_key(burst: Sequence[Fragment]) -> KeyPicture | None:
    match [fragment.kind for fragment in burst[:2]]:
        case [Kind.JPEG, *_]:
            newest = burst[-1]
            return KeyPicture(CodedPicture("mjpeg", (), newest.body), newest.captured_ms)
        case [Kind.INIT, Kind.FRAME]:
            init, key = burst[:2]
            try:
                parameters = fmp4.read_init(init.body)
            except FormatError:
                return None
            sets = (*parameters.vps, *parameters.sps, *parameters.pps)
            return KeyPicture(CodedPicture(parameters.codec, sets, key.body[fmp4.SAMPLE_OFFSET :]), key.captured_ms)
        case _:
            return None
