"""The least of RFC 6455 for a load generator: open a plain socket, mask what is sent, find frames in what comes."""

import base64
import json
import os
import socket
import struct
from collections.abc import Iterator

CONTINUATION, TEXT, BINARY, CLOSE, PING = 0, 1, 2, 8, 9


def open_socket(host: str, port: int, path: str, token: str, *, timeout_s: float = 10.0) -> tuple[socket.socket, bytes]:
    """A connected socket past the upgrade, and what the server has sent after it.

    Raises:
        ConnectionError: the server did not upgrade.
    """
    sock = socket.create_connection((host, port), timeout=timeout_s)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(upgrade_request(host, port, path, token))
    answer = b""
    while b"\r\n\r\n" not in answer:
        data = sock.recv(4096)
        if not data:
            break
        answer += data
    head, _, rest = answer.partition(b"\r\n\r\n")
    if b" 101 " not in head.split(b"\r\n", 1)[0] + b" ":
        raise ConnectionError(f"the server did not upgrade: {head[:200]!r}")
    return sock, rest


def upgrade_request(host: str, port: int, path: str, token: str) -> bytes:
    key = base64.b64encode(os.urandom(16)).decode()
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {host}:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Key: {key}",
        "Sec-WebSocket-Version: 13",
        f"Authorization: Bearer {token}",
    )
    return "\r\n".join((*lines, "", "")).encode()


def text_frame(message: dict[str, object]) -> bytes:
    """A masked text frame. The mask is 0: it protects old proxies, of which there are none here."""
    payload = json.dumps(message).encode()
    if len(payload) < 126:
        return struct.pack(">BB4x", 0x81, 0x80 | len(payload)) + payload
    return struct.pack(">BBH4x", 0x81, 0x80 | 126, len(payload)) + payload


def pong_frame(payload: bytes) -> bytes:
    """The answer to a ping."""
    return struct.pack(">BB4x", 0x8A, 0x80 | len(payload)) + payload


def messages(buffer: bytearray, begun: bytearray) -> Iterator[tuple[int, memoryview]]:
    """Like ``frames``, with messages that come in pieces (RFC 6455 §5.4) put together; pings may stand between.

    Args:
        begun: opcode and payload of one that has begun; keep it for the next time.
    """
    for first, payload in _frames(buffer):
        opcode, is_final = first & 0x0F, bool(first & 0x80)
        if opcode in {TEXT, BINARY, CONTINUATION} and (begun or not is_final):
            if not begun:
                begun.append(opcode)
            begun += payload
            if not is_final:
                continue
            whole = bytes(begun)
            begun.clear()
            yield whole[0], memoryview(whole)[1:]
        else:
            yield opcode, payload


def frames(buffer: bytearray) -> Iterator[tuple[int, memoryview]]:
    """Whole frames at the start of the buffer as opcode and payload; removes them when the iteration ends.

    The payload is good until the next step.
    """
    for first, payload in _frames(buffer):
        yield first & 0x0F, payload


def _frames(buffer: bytearray) -> Iterator[tuple[int, memoryview]]:
    """The first byte and the payload of each."""
    position = 0
    view = memoryview(buffer)
    try:
        while len(buffer) - position >= 2:
            length, head = buffer[position + 1], 2
            if length == 126:
                if len(buffer) - position < 4:
                    break
                (length,), head = struct.unpack_from(">H", buffer, position + 2), 4
            elif length == 127:
                if len(buffer) - position < 10:
                    break
                (length,), head = struct.unpack_from(">Q", buffer, position + 2), 10
            if len(buffer) - position < head + length:
                break
            payload = view[position + head : position + head + length]
            yield buffer[position], payload
            payload.release()
            position += head + length
    finally:
        view.release()
        del buffer[:position]
