"""Load generator: many viewers of one camera in one process, on raw sockets, so that it costs little itself.

    python -m tests.bench.viewers ORDER.json

The order is a file with ``host``, ``port``, ``username``, ``password``, ``camera``, ``viewers``, ``seconds``,
``records`` and ``bare``. Prints a JSON line when every viewer sees pictures, and one at the end. What came is written
to the file ``records``: for each picture of each viewer a ``RECORD``.

With ``bare`` there is no sign-in, no upgrade and no message from us: only frames come.
"""

import json
import select
import socket
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench.sent import TAIL_BYTES
from tests.bench.signing_in import sign_in
from tests.bench.web_socket import BINARY, CLOSE, PING, TEXT, messages, open_socket, pong_frame, text_frame

RECORD = struct.Struct(">HxxI12sQ")
"""Viewer, sequence, last 12 bytes of the access unit, CLOCK_MONOTONIC in ns when its last byte was read."""
ACK_S = 0.5
_HEADER = struct.Struct(">BBHIdQ")
_FRAME = 1


class Viewer:
    def __init__(self, number: int, sock: socket.socket, rest: bytes, *, acknowledges: bool) -> None:
        self.number = number
        self.socket = sock
        self.acknowledges = acknowledges
        self.buffer = bytearray(rest)
        self.begun = bytearray()
        self.camera_number = 0
        self.sequence: int | None = None
        self.first_picture_ns = 0
        self.drops = 0

    def take(self, now_ns: int, records: list[bytes]) -> None:
        """Read the whole frames in the buffer; ``now_ns`` is when their last byte was there."""
        for opcode, payload in messages(self.buffer, self.begun):
            if opcode == BINARY:
                kind, _, self.camera_number, self.sequence, _, _ = _HEADER.unpack_from(payload)
                if kind == _FRAME:
                    self.first_picture_ns = self.first_picture_ns or now_ns
                    tail = bytes(payload[-TAIL_BYTES:])
                    records.append(RECORD.pack(self.number, self.sequence, tail, now_ns))
            elif opcode == TEXT:
                message = json.loads(bytes(payload))
                self.drops += message["type"] == "drop"
                if message["type"] in {"error", "unsubscribed"}:
                    raise ConnectionError(f"viewer {self.number} was told: {message}")
            elif opcode == PING:
                self.socket.sendall(pong_frame(bytes(payload)))
            elif opcode == CLOSE:
                raise ConnectionError(f"viewer {self.number} was closed: {bytes(payload)!r}")

    def ack(self) -> None:
        if self.acknowledges and self.sequence is not None:
            ack = {"type": "ack", "camera_number": self.camera_number, "sequence": self.sequence, "gap_ms": 0}
            self.socket.sendall(text_frame(ack))


def main() -> None:
    order: dict[str, Any] = json.loads(Path(sys.argv[1]).read_text())
    tokens = [] if order["bare"] else [_sign_in(order, number) for number in range(order["viewers"])]
    records: list[bytes] = []
    joined_at_ns: list[int] = []
    viewers: dict[int, Viewer] = {}
    poll = select.epoll()
    for number in range(order["viewers"]):
        joined_at_ns.append(time.monotonic_ns())
        viewer = _join(order, number, tokens[number] if tokens else "")
        viewers[viewer.socket.fileno()] = viewer
        poll.register(viewer.socket, select.EPOLLIN)
    _read(poll, viewers, records, until=lambda: all(v.first_picture_ns for v in viewers.values()), at_most_s=30)
    first_ms = [(v.first_picture_ns - at) / 1e6 for v, at in zip(viewers.values(), joined_at_ns, strict=True)]
    print(json.dumps({"ready": True, "first_picture_ms": first_ms}), flush=True)
    cpu_s, end = time.process_time(), time.monotonic() + order["seconds"]
    _read(poll, viewers, records, until=lambda: time.monotonic() >= end, at_most_s=order["seconds"] + 1)
    cpu_s = time.process_time() - cpu_s
    Path(order["records"]).write_bytes(b"".join(records))
    drops = sum(viewer.drops for viewer in viewers.values())
    print(json.dumps({"cpu_s": cpu_s, "records": len(records), "drops": drops}), flush=True)


def _sign_in(order: dict[str, Any], number: int) -> str:
    return sign_in(order["host"], order["port"], order["username"], order["password"], f"bench-{number}")


def _join(order: dict[str, Any], number: int, token: str) -> Viewer:
    if order["bare"]:
        sock, rest = socket.create_connection((order["host"], order["port"]), timeout=10), b""
    else:
        sock, rest = open_socket(order["host"], order["port"], "/ws/video", token)
        sock.sendall(text_frame({"type": "subscribe", "camera": order["camera"], "purpose": "bench"}))
    sock.setblocking(False)
    return Viewer(number, sock, rest, acknowledges=not order["bare"])


def _read(
    poll: select.epoll, viewers: dict[int, Viewer], records: list[bytes], *, until: Callable[[], bool], at_most_s: float
) -> None:
    give_up = time.monotonic() + at_most_s
    next_ack = time.monotonic() + ACK_S
    while not until():
        now = time.monotonic()
        if now > give_up:
            raise TimeoutError("not every viewer sees pictures")
        if now >= next_ack:
            next_ack += ACK_S
            for viewer in viewers.values():
                viewer.ack()
        for descriptor, _ in poll.poll(min(0.05, max(0.0, next_ack - now))):
            viewer = viewers[descriptor]
            try:
                data = viewer.socket.recv(262144)
            except BlockingIOError:
                continue
            if not data:
                raise ConnectionError(f"viewer {viewer.number} was disconnected")
            now_ns = time.monotonic_ns()
            viewer.buffer += data
            viewer.take(now_ns, records)


if __name__ == "__main__":
    main()
