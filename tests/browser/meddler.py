"""Meddler: stands between a page and its /ws/video, sees what goes by, and changes what it is told to."""

import json
from collections.abc import Callable
from typing import Any

from playwright.async_api import Page, WebSocketRoute

INIT, FRAME, JPEG = 0, 1, 2
HEADER_BYTES = 24

Change = Callable[[bytes], bytes | None]


class Meddler:
    """Put it between before the page opens its socket: load the page again."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        """What the page has sent, text messages."""
        self.heard: list[dict[str, Any]] = []
        """What the server has said, text messages."""
        self.change: Change = lambda message: message
        """Told every binary message for the page; nothing comes of it when it returns None."""
        self.hushed: set[str] = set()
        """Types of text messages that are not let through, in neither direction."""
        self._sides: list[tuple[WebSocketRoute, WebSocketRoute]] = []

    async def between(self, page: Page) -> None:
        await page.route_web_socket("**/ws/video", self._opened)
        await page.reload()

    def tell(self, message: dict[str, Any] | bytes) -> None:
        """Say something to the page in the server's name."""
        near, _ = self._sides[-1]
        near.send(message if isinstance(message, bytes) else json.dumps(message))

    def asked(self, kind: str, camera: str) -> list[dict[str, Any]]:
        return [message for message in self.sent if message["type"] == kind and message.get("camera") == camera]

    def told(self, camera: str) -> list[str]:
        """Types of what the server has said of a camera."""
        return [message["type"] for message in self.heard if message.get("camera") == camera]

    def _opened(self, near: WebSocketRoute) -> None:
        far = near.connect_to_server()
        self._sides.append((near, far))

        def from_page(message: str | bytes) -> None:
            said = json.loads(message)
            self.sent.append(said)
            if said["type"] not in self.hushed:
                far.send(message)

        def from_server(message: str | bytes) -> None:
            if isinstance(message, bytes):
                changed = self.change(message)
                if changed is not None:
                    near.send(changed)
                return
            said = json.loads(message)
            self.heard.append(said)
            if said["type"] not in self.hushed:
                near.send(message)

        near.on_message(from_page)
        far.on_message(from_server)


def is_frame(message: bytes) -> bool:
    return message[0] == FRAME


def is_key(message: bytes) -> bool:
    return bool(message[1] & 1)


def camera_number(message: bytes) -> int:
    return int.from_bytes(message[2:4])


def of_rendition(message: bytes, rendition: int) -> bytes:
    return message[:1] + bytes([message[1] & 0x8F | rendition << 4]) + message[2:]


def spoiled(message: bytes) -> bytes:
    """The same box with a picture that no decoder can read."""
    unit = HEADER_BYTES + 112 + 4
    return message[:unit] + bytes(0xFF - byte for byte in message[unit:])


def swollen(message: bytes, more: int) -> bytes:
    """The same picture, and filler data (H.264 §7.4.2.7) of so many bytes in its access unit."""
    filler = (more + 2).to_bytes(4) + b"\x0c" + b"\xff" * more + b"\x80"
    box = bytearray(message[HEADER_BYTES:] + filler)
    box[52:56] = (len(box) - 112).to_bytes(4)  # tfhd: size of the sample
    box[104:108] = (len(box) - 104).to_bytes(4)  # mdat
    return message[:HEADER_BYTES] + bytes(box)


def torn(message: bytes) -> bytes:
    """No box at all."""
    return message[:HEADER_BYTES] + b"\xff" * (len(message) - HEADER_BYTES)
