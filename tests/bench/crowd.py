"""Crowd: many viewers of one camera, on raw sockets and one ``select.epoll``, in the process of the benchmark itself.

They join one after another, each when the one before has its first picture; some may read slowly, or not at all for a
while. With ``is_bare`` there is no sign-in, no upgrade and no message from us: only frames come.
"""

import contextlib
import http.client
import json
import select
import socket
import struct
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from tests.bench.sent import TAIL_BYTES
from tests.bench.signing_in import sign_in
from tests.bench.web_socket import BINARY, CLOSE, PING, TEXT, messages, open_socket, pong_frame, text_frame

ACK_S = 0.5
SLICE_S = 0.02
_HEADER = struct.Struct(">BBHIdQ")
_FRAME, _KEY = 1, 1
_RECEIVE_BYTES = 262_144


class Watcher:
    def __init__(self, number: int, token: str, *, bytes_per_s: int | None) -> None:
        self.number = number
        self.token = token
        self.comes_back = bytes_per_s is not None
        """When it is closed for being slow, as our clients do."""
        self.closed = ""
        self.returns = 0
        self.bytes_per_s = bytes_per_s
        """None: as fast as it comes."""
        self.is_paused = False
        self.camera_number = 0
        self.sequence: int | None = None
        self.pictures = 0
        self.captured_ms = 0.0
        """Of the newest picture."""
        self.drops = 0
        self.smears = 0
        """Pictures that were no key frame and did not follow the one before."""
        self.states: list[tuple[str, float]] = []
        """What the camera was said to be, and when by ``time.monotonic``."""
        self.allowance_bytes = 0.0
        self._earned_at = time.monotonic()

    def begin(self, sock: socket.socket, rest: bytes) -> None:
        """On a new connection."""
        self.socket = sock
        self.buffer = bytearray(rest)
        self.begun = bytearray()
        self.sequence = None
        self.closed = ""

    def earn(self, now: float) -> None:
        """It may read what its link has carried since; not more than a burst of 4 kB."""
        assert self.bytes_per_s is not None
        earned = (now - self._earned_at) * self.bytes_per_s
        self._earned_at, self.allowance_bytes = now, min(self.allowance_bytes + earned, 4096)


class Crowd:
    """Use it as a context: it closes its sockets.

    Raises from every reading method:
        ConnectionError: a viewer was closed that does not come back, or was told of an error.
    """

    def __init__(self, port: int, *, username: str = "", password: str = "", is_bare: bool = False) -> None:
        self.watchers: list[Watcher] = []
        self.received: list[tuple[int, bytes, int]] = []
        """Viewer, end of the picture, CLOCK_MONOTONIC in ns when its last byte was read."""
        self._port = port
        self._username = username
        self._password = password
        self._is_bare = is_bare
        self._poll = select.epoll()
        self._by_descriptor: dict[int, Watcher] = {}
        self._next_ack = 0.0
        self._tokens: list[str] = []

    def sign_in(self, count: int) -> None:
        """So many as will join. Nothing is read meanwhile, so do it before the first one joins."""
        for number in range(len(self._tokens), len(self._tokens) + count):
            token = sign_in("127.0.0.1", self._port, self._username, self._password, f"bench-{number}")
            self._tokens.append(token)

    def join(self, count: int, *, bytes_per_s: int | None = None) -> list[float]:
        """Milliseconds from connecting to the first picture, of each. Slow ones are not waited for."""
        first_ms = []
        for _ in range(count):
            began = time.monotonic()
            token = "" if self._is_bare else self._tokens[len(self.watchers)]
            watcher = Watcher(len(self.watchers), token, bytes_per_s=bytes_per_s)
            self._connect(watcher)
            self.watchers.append(watcher)
            if bytes_per_s is None and not self._is_bare:
                self.read_until(lambda: watcher.pictures > 0, at_most_s=30, what="no first picture")  # noqa: B023
                first_ms.append((time.monotonic() - began) * 1000)
        return first_ms

    def live_cameras(self) -> int:
        """How many the server says are live, to the first who signed in."""
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20)
        connection.request("GET", "/api/cameras", headers={"Authorization": f"Bearer {self._tokens[0]}"})
        cameras = json.loads(connection.getresponse().read())["cameras"]
        connection.close()
        return sum(camera["state"]["state"] == "live" for camera in cameras)

    def pause(self, watcher: Watcher) -> None:
        """It reads and says no more, as one whose network has gone."""
        self._poll.unregister(watcher.socket)
        watcher.is_paused = watcher.comes_back = True

    def resume(self, watcher: Watcher) -> None:
        self._poll.register(watcher.socket, select.EPOLLIN)
        watcher.is_paused = False

    def read_for(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        self.read_until(lambda: time.monotonic() >= until, at_most_s=seconds + 5, what="too busy to read")

    def read_until(self, is_so: Callable[[], bool], *, at_most_s: float, what: str) -> None:
        """Raises ``TimeoutError`` when it never is."""
        give_up = time.monotonic() + at_most_s
        while not is_so():
            now = time.monotonic()
            if now > give_up:
                raise TimeoutError(what)
            if now >= self._next_ack:
                self._next_ack = now + ACK_S
                self._acknowledge()
            for descriptor, _ in self._poll.poll(SLICE_S):
                self._read(self._by_descriptor[descriptor], _RECEIVE_BYTES)
            for watcher in self.watchers:
                if watcher.bytes_per_s is None:
                    continue
                watcher.earn(now)
                if watcher.allowance_bytes >= 1400:
                    self._read(watcher, 1400)

    def _read(self, watcher: Watcher, most: int) -> None:
        try:
            data = watcher.socket.recv(most)
        except BlockingIOError:
            return
        except ConnectionResetError:
            data = b""
        now_ns = time.monotonic_ns()
        watcher.closed = "" if data else "without a word"
        watcher.allowance_bytes -= len(data)
        watcher.buffer += data
        self.take(watcher, now_ns)
        if watcher.closed and not watcher.comes_back:
            raise ConnectionError(f"viewer {watcher.number} was closed: {watcher.closed}")
        if watcher.closed:
            self._by_descriptor.pop(watcher.socket.fileno(), None)
            watcher.socket.close()
            watcher.returns += 1
            self._connect(watcher)

    def take(self, watcher: Watcher, now_ns: int) -> None:
        """Read the whole messages in its buffer; ``now_ns`` is when their last byte was there."""
        for opcode, payload in messages(watcher.buffer, watcher.begun):
            if opcode == BINARY:
                kind, flags, watcher.camera_number, sequence, captured_ms, _ = _HEADER.unpack_from(payload)
                if kind == _FRAME:
                    follows = watcher.sequence is not None and sequence == (watcher.sequence + 1) % 2**32
                    watcher.smears += not (follows or flags & _KEY or self._is_bare)
                    watcher.pictures += 1
                    watcher.captured_ms = captured_ms
                    self.received.append((watcher.number, bytes(payload[-TAIL_BYTES:]), now_ns))
                watcher.sequence = sequence
            elif opcode == TEXT:
                self._hear(watcher, json.loads(bytes(payload)))
            elif opcode == PING:
                with contextlib.suppress(OSError):
                    watcher.socket.sendall(pong_frame(bytes(payload)))
            elif opcode == CLOSE:
                watcher.closed = repr(bytes(payload))

    def _hear(self, watcher: Watcher, message: dict[str, Any]) -> None:
        watcher.drops += message["type"] == "drop"
        if message["type"] in {"state", "subscribed"}:
            watcher.states.append((message["state"]["state"], time.monotonic()))
        if message["type"] in {"error", "unsubscribed"}:
            raise ConnectionError(f"viewer {watcher.number} was told: {message}")

    def _acknowledge(self) -> None:
        for watcher in self.watchers:
            if watcher.sequence is not None and not watcher.is_paused and not self._is_bare:
                ack = {"type": "ack", "camera_number": watcher.camera_number, "sequence": watcher.sequence, "gap_ms": 0}
                with contextlib.suppress(OSError):  # closed, or full: reading it shows
                    watcher.socket.sendall(text_frame(ack))

    def _connect(self, watcher: Watcher) -> None:
        if self._is_bare:
            sock, rest = socket.create_connection(("127.0.0.1", self._port), timeout=10), b""
        else:
            sock, rest = open_socket("127.0.0.1", self._port, "/ws/video", watcher.token)
            sock.sendall(text_frame({"type": "subscribe", "camera": "bench", "purpose": "bench"}))
        watcher.begin(sock, rest)
        if watcher.bytes_per_s is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        else:
            self._poll.register(sock, select.EPOLLIN)
            self._by_descriptor[sock.fileno()] = watcher
        sock.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for watcher in self.watchers:
            watcher.socket.close()
        self._poll.close()
