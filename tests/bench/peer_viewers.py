"""PeerViewers: many viewers of a peer's one stream, on raw sockets and one ``select.epoll``; all they do is read.

Of go2rtc by WebSocket, as its own player asks; of MediaMTX by RTSP over TCP, since it has nothing nearer.
"""

import base64
import json
import os
import select
import socket
import struct
import time
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from tests.bench.sent import TAIL_BYTES
from tests.bench.web_socket import BINARY, PING, frames, pong_frame, text_frame

_RECEIVE_BYTES = 262_144
_CODECS = "avc1.640029,avc1.64002A,avc1.640033,avc1.42E01E"
_MARKER = 0x80


class Reading(Protocol):
    """One viewer: its socket, and what it makes of bytes."""

    socket: socket.socket

    def take(self, data: bytes) -> list[bytes]:
        """The ends of the pictures that they complete."""
        ...


class MseReading:
    """go2rtc's WebSocket."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = (
            "GET /api/ws?src=bench HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
        )
        self.socket.sendall("\r\n".join((*lines, "", "")).encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += self.socket.recv(4096)
        head, _, rest = answer.partition(b"\r\n\r\n")
        if b" 101 " not in head.split(b"\r\n", 1)[0]:
            raise ConnectionError(f"go2rtc did not upgrade: {head[:200]!r}")
        self._buffer = bytearray(rest)
        self.socket.sendall(text_frame({"type": "mse", "value": _CODECS}))

    def take(self, data: bytes) -> list[bytes]:
        self._buffer += data
        ends = []
        for opcode, payload in frames(self._buffer):
            if opcode == BINARY and bytes(payload[4:8]) == b"moof":
                ends.append(bytes(payload[-TAIL_BYTES:]))
            elif opcode == PING:
                self.socket.sendall(pong_frame(bytes(payload)))
            elif opcode not in {1, BINARY}:
                raise ConnectionError(f"go2rtc closed a viewer: {bytes(payload)!r}")
            elif opcode == 1 and json.loads(bytes(payload)).get("type") == "error":
                raise ConnectionError(f"go2rtc: {bytes(payload)!r}")
        return ends


class RtspReading:
    """One RTSP session with one interleaved video track (RFC 2326 §10.12)."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self._url = f"rtsp://127.0.0.1:{port}/bench"
        self._sequence = 0
        self._buffer = bytearray()
        description = self._ask("DESCRIBE", self._url, "Accept: application/sdp")
        video = description[description.index("m=video") :]
        control = next(line for line in video.splitlines() if line.startswith("a=control:")).partition(":")[2].strip()
        track = control if "://" in control else f"{self._url}/{control}"
        setup = self._ask("SETUP", track, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1")
        session = next(line for line in setup.splitlines() if line.lower().startswith("session:"))
        session = session.partition(":")[2].split(";")[0].strip()
        self._ask("PLAY", self._url, f"Session: {session}")

    def take(self, data: bytes) -> list[bytes]:
        buffer = self._buffer
        buffer += data
        ends = []
        position = 0
        while len(buffer) - position >= 4:
            if buffer[position] != 0x24:
                raise ConnectionError(f"MediaMTX sent no RTP: {bytes(buffer[position : position + 40])!r}")
            channel, (length,) = buffer[position + 1], struct.unpack_from(">H", buffer, position + 2)
            end = position + 4 + length
            if len(buffer) < end:
                break
            if channel == 0 and buffer[position + 5] & _MARKER:
                ends.append(bytes(buffer[end - TAIL_BYTES : end]))
            position = end
        del buffer[:position]
        return ends

    def _ask(self, method: str, url: str, header: str) -> str:
        self._sequence += 1
        self.socket.sendall(f"{method} {url} RTSP/1.0\r\nCSeq: {self._sequence}\r\n{header}\r\n\r\n".encode())
        while b"\r\n\r\n" not in self._buffer:
            data = self.socket.recv(4096)
            if not data:
                raise ConnectionError(f"MediaMTX hung up at {method}")
            self._buffer += data
        head, _, rest = bytes(self._buffer).partition(b"\r\n\r\n")
        if not head.startswith(b"RTSP/1.0 200"):
            raise ConnectionError(f"MediaMTX answered {method} with {head[:100]!r}")
        lengths = [line for line in head.decode().splitlines() if line.lower().startswith("content-length:")]
        length = int(lengths[0].partition(":")[2]) if lengths else 0
        while len(rest) < length:
            rest += self.socket.recv(4096)
        self._buffer = bytearray(rest[length:])
        return head.decode() + "\r\n" + rest[:length].decode()


class PeerViewers:
    """Use it as a context: it closes its sockets."""

    def __init__(self, join: Callable[[], Reading]) -> None:
        self.received: list[tuple[int, bytes, int]] = []
        """Viewer, end of the picture, CLOCK_MONOTONIC in ns when its last byte was read."""
        self._join = join
        self._poll = select.epoll()
        self._by_descriptor: dict[int, tuple[int, Reading]] = {}

    def join(self, count: int) -> list[float]:
        """Milliseconds from connecting to the first picture, of each; the next comes when the one before sees."""
        first_ms = []
        for _ in range(count):
            number = len(self._by_descriptor)
            began = time.monotonic()
            reading = self._join()
            reading.socket.setblocking(False)
            self._by_descriptor[reading.socket.fileno()] = number, reading
            self._poll.register(reading.socket, select.EPOLLIN)
            known = len(self.received)
            self._take(number, reading, b"")
            while not any(viewer == number for viewer, _, _ in self.received[known:]):
                self.read_for(0.0)
                if time.monotonic() - began > 30:
                    raise TimeoutError("no first picture")
            first_ms.append((time.monotonic() - began) * 1000)
        return first_ms

    def read_for(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            for descriptor, _ in self._poll.poll(0.02):
                number, reading = self._by_descriptor[descriptor]
                data = reading.socket.recv(_RECEIVE_BYTES)
                if not data:
                    raise ConnectionError(f"viewer {number} was disconnected")
                self._take(number, reading, data)
            if time.monotonic() >= until:
                return

    def _take(self, number: int, reading: Reading, data: bytes) -> None:
        now_ns = time.monotonic_ns()
        self.received += [(number, end, now_ns) for end in reading.take(data)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for _, reading in self._by_descriptor.values():
            reading.socket.close()
        self._poll.close()
