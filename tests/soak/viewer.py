"""Viewer: one tablet of the soak. It watches one camera and knows what it would call live."""

import asyncio
import json
import struct
import time
from typing import Any

from tests.bench.web_socket import BINARY, CLOSE, PING, TEXT, messages, pong_frame, text_frame, upgrade_request

LIVE_MS = 2000
"""A picture older than that is not shown as live (docs/wire.md §8)."""
_HEADER = struct.Struct(">BBHIdQ")
_FRAME, _GAP, _KEY = 1, 3, 1


class Viewer(asyncio.Protocol):
    """Counts ``pictures``; ``flaws`` are sentences, empty is good."""

    def __init__(self, token: str, camera: int, port: int) -> None:
        self.camera = camera
        self.pictures = 0
        self.drops = 0
        self.flaws: list[str] = []
        self._token = token
        self._port = port
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._begun = bytearray()
        self._is_upgraded = self._is_leaving = self._has_gap = False
        self._state = self._closed = ""
        self._number = 0
        self._sequence: int | None = None
        self._captured_ms = 0.0

    @property
    def is_there(self) -> bool:
        return self._transport is not None

    @property
    def shows_live(self) -> bool:
        return self._state == "live" and not self._has_gap and time.time() * 1000 - self._captured_ms < LIVE_MS

    async def join(self) -> None:
        self._forget()
        await asyncio.get_running_loop().create_connection(lambda: self, "127.0.0.1", self._port)

    def leave(self) -> None:
        """Without a word, as a tablet does that is switched off."""
        if self._transport is not None:
            self._is_leaving = True
            self._transport.abort()

    def acknowledge(self) -> None:
        if self._transport is not None and self._sequence is not None:
            ack = {"type": "ack", "camera_number": self._number, "sequence": self._sequence, "gap_ms": 0}
            self._transport.write(text_frame(ack))

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(upgrade_request("127.0.0.1", self._port, "/ws/video", self._token))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_upgraded:
            head, found, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head.split(b"\r\n", 1)[0] + b" ":
                self.flaws.append(f"not upgraded: {head[:100]!r}")
                self.leave()
                return
            self._is_upgraded, self._buffer = True, bytearray(rest)
            wish: dict[str, object] = {
                "type": "subscribe",
                "camera": f"camera-{self.camera}",
                "purpose": "soak",
                "quality": "source",
            }
            self._write(text_frame(wish))
        for opcode, payload in messages(self._buffer, self._begun):
            self._take(opcode, payload)

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        if not self._is_leaving:
            self.flaws.append(f"closed: {self._closed or error}")

    def _take(self, opcode: int, payload: memoryview) -> None:
        if opcode == BINARY:
            self._see(payload)
        elif opcode == TEXT:
            self._hear(json.loads(bytes(payload)))
        elif opcode == PING:
            self._write(pong_frame(bytes(payload)))
        elif opcode == CLOSE:
            self._closed = repr(bytes(payload))

    def _see(self, payload: memoryview) -> None:
        kind, flags, self._number, sequence, captured_ms, _ = _HEADER.unpack_from(payload)
        if kind == _FRAME:
            follows = self._sequence is not None and sequence == (self._sequence + 1) % 2**32
            if not (follows or flags & _KEY):
                self.flaws.append(f"picture {sequence} does not follow {self._sequence}")
            self.pictures += 1
            self._captured_ms, self._has_gap = captured_ms, False
        elif kind == _GAP:
            self._has_gap = True
        self._sequence = sequence

    def _hear(self, message: dict[str, Any]) -> None:
        self.drops += message["type"] == "drop"
        if message["type"] in {"state", "subscribed"}:
            self._state = message["state"]["state"]
        elif message["type"] in {"error", "unsubscribed"}:
            self.flaws.append(f"was told {message}")

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _forget(self) -> None:
        self._buffer, self._begun = bytearray(), bytearray()
        self._is_upgraded = self._is_leaving = self._has_gap = False
        self._state = self._closed = ""
        self._sequence = None
        self._captured_ms = 0.0
