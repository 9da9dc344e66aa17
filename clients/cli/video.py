"""Watch: the pictures of one camera as an async iterator, with its states, across reconnections."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from clients.cli import fragment
from clients.cli.client import Client
from clients.cli.errors import NotAllowed, Refused
from clients.cli.fragment import RENDITIONS, Fragment
from clients.cli.line import Json, Line, Lost, Opened

QUALITIES = ("auto", *RENDITIONS)


@dataclass(frozen=True, slots=True)
class CameraState:
    state: str
    """idle, starting, live, stalled, down or unknown."""
    since_ms: int
    reason: str


@dataclass(frozen=True, slots=True)
class Parameters:
    """What comes is encoded like this from now on; an init segment follows."""

    codec: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Shown:
    """The pictures that come are of this rendition from now on."""

    rendition: str
    why: str
    """asked, auto, link, codec or encoders."""
    message: str
    """A sentence, or empty."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """We read too slowly, and the server went on at a newer key frame."""

    skipped: int


Seen = Opened | Lost | CameraState | Shown | Parameters | Dropped | Fragment


class Watch:
    """Subscribes and acknowledges by itself. Reading slowly costs pictures, never memory: see ``Dropped``.

    Raises while iterating, beside the errors of ``Line.next``: ``NotAllowed`` when the camera may not be watched (any
    more), ``Refused`` when there is no such camera.
    """

    def __init__(
        self,
        client: Client,
        camera: str,
        *,
        purpose: str,
        quality: str = "auto",
        gap_ms: Callable[[], int] | None = None,
    ) -> None:
        """
        Args:
            purpose: goes to the audit.
            quality: one of ``QUALITIES``.
            gap_ms: how far the shown picture is behind the newest received.
        """
        self._subscribe = {
            "type": "subscribe",
            "camera": camera,
            "purpose": purpose,
            "quality": quality,
            "codecs": ["avc1", "hvc1", "jpeg"],
        }
        self._rendition = ""
        self._gap_ms = gap_ms
        self._camera_number = 0
        self._received: int | None = None
        self._ahead_ms = 0.0
        self._line = Line(client.address, client.token, "/ws/video", heartbeat=_heartbeat, report=self._ack)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._line.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Seen:
        while True:
            received = await self._line.next()
            match received:
                case Opened(hello):
                    self._ahead_ms = float(hello.get("server_time_ms", time.time() * 1000)) - time.time() * 1000
                    self._rendition = ""
                    await self._line.send(self._subscribe)
                    return received
                case Lost():
                    return received
                case bytes():
                    picture = fragment.decode(received)
                    if self._rendition in ("", picture.rendition):  # else it was on its way when that was changed
                        self._received = picture.sequence
                        return picture
                case dict():
                    seen = self._read(received)
                    if seen is not None:
                        return seen

    def age_ms(self, picture: Fragment) -> float:
        """How long ago it was captured, on the server's clock as far as its hello told; never less than 0."""
        return max(0.0, time.time() * 1000 + self._ahead_ms - picture.captured_ms)

    def _ack(self) -> Json | None:
        received, self._received = self._received, None
        if received is None:
            return None
        gap_ms = self._gap_ms() if self._gap_ms else 0
        return {"type": "ack", "camera_number": self._camera_number, "sequence": received, "gap_ms": gap_ms}

    def _read(self, message: Json) -> CameraState | Shown | Parameters | Dropped | None:
        match message:
            case {"type": "subscribed" | "state", "state": {"state": state} as details, "camera_number": number}:
                self._camera_number = int(number)
                return CameraState(str(state), int(details.get("since_ms", 0)), str(details.get("reason", "")))
            case {"type": "rendition", "rendition": rendition}:
                self._rendition = str(rendition)
                return Shown(self._rendition, str(message.get("why", "")), str(message.get("message", "")))
            case {"type": "init", "codec": codec}:
                return Parameters(str(codec), int(message.get("width", 0)), int(message.get("height", 0)))
            case {"type": "drop", "skipped": skipped}:
                return Dropped(int(skipped))
            case {"type": "unsubscribed", "code": code, "message": words}:
                raise NotAllowed(str(words), code=str(code))
            case {"type": "error", "code": code, "message": words}:
                error = NotAllowed if str(code) == "camera.forbidden" else Refused
                raise error(str(words), code=str(code))
            case _:
                return None


def _heartbeat() -> Json:
    return {"type": "heartbeat"}
