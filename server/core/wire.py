"""What the server says on both sockets of docs/wire.md, as prebuilt WebSocket frames.

A frame is made once and written to any number of sockets as it is (RFC 6455 §5.2: FIN, unmasked, no extension).
"""

import json
import struct
from collections.abc import Iterable, Mapping, Sequence
from enum import IntEnum
from typing import Any, Literal

from server.core.entry import Entry
from server.core.receipts import ReceiptResult
from server.core.reports import Reported

PROTOCOL = 1
HEARTBEAT_S = 10
URGENT_HEARTBEAT_S = 3
"""While an alert of priority 1 is on its way to a device."""
MAX_MESSAGE_BYTES = 64 * 1024

Json = Mapping[str, Any]
SnapshotReason = Literal["asked", "installation", "ahead", "too_old"]


def dead_after_s(heartbeat_s: float) -> float:
    """How long nothing may be heard: two heartbeats and a moment (§5.2)."""
    return 2 * heartbeat_s + 1


DEAD_AFTER_S = dead_after_s(HEARTBEAT_S)


class CloseCode(IntEnum):
    """§9. Clients come back by themselves after 1001 and 4000..4499, not after 4500..4999."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    INVALID_TEXT = 1007
    TOO_LARGE = 1009
    INTERNAL_ERROR = 1011
    NO_HEARTBEAT = 4001
    TOO_SLOW = 4002
    LOG_UNAVAILABLE = 4003
    SESSION_ENDED = 4500
    REPLACED = 4501
    NOT_UNDERSTOOD = 4502


# --- frames ----------------------------------------------------------------------------------------------------------


def text_frame(message: Json) -> bytes:
    """One whole WebSocket text frame.

    Raises:
        ValueError: the message holds a number that JSON has no word for (NaN, infinity).
    """
    return _text_frame(json.dumps(message, ensure_ascii=False, allow_nan=False, separators=(",", ":")))


def _text_frame(text: str) -> bytes:
    payload = text.encode()
    return _head(0x81, len(payload)) + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """One whole close frame; the reason is cut to the 123 bytes a control frame has room for (RFC 6455 §5.5)."""
    text = reason.encode()[:123].decode(errors="ignore").encode()
    return _head(0x88, 2 + len(text)) + struct.pack(">H", code) + text


def pong_frame(payload: bytes) -> bytes:
    """The answer to a ping, whose payload it repeats."""
    return _head(0x8A, len(payload)) + payload


def _head(first: int, length: int) -> bytes:
    if length < 126:
        return struct.pack(">BB", first, length)
    if length < 65536:
        return struct.pack(">BBH", first, 126, length)
    return struct.pack(">BBQ", first, 127, length)


# --- /ws/events ------------------------------------------------------------------------------------------------------


def hello(person: Json, *, installation: str, position: int, build: str, now_ms: int) -> bytes:
    return text_frame(
        {
            "type": "hello",
            "protocol": PROTOCOL,
            "installation": installation,
            "position": position,
            "server_time_ms": now_ms,
            "heartbeat_s": HEARTBEAT_S,
            "build": build,
            "person": person,
        }
    )


def replay(first: int, last: int) -> bytes:
    return text_frame({"type": "replay", "from": first, "to": last})


def snapshot(
    position: int,
    reason: SnapshotReason,
    *,
    alerts: Sequence[Json],
    pushes: Sequence[Json],
    bulletins: Sequence[Json],
    receipts: Sequence[Json],
) -> bytes:
    return text_frame(
        {
            "type": "snapshot",
            "position": position,
            "reason": reason,
            "alerts": alerts,
            "pushes": pushes,
            "bulletins": bulletins,
            "receipts": receipts,
        }
    )


def entry(entry: Entry, payload: Json) -> bytes:
    """``payload`` is what ``Entry.payload_for`` left of the entry's own."""
    if payload is entry.payload:
        return _text_frame(entry.to_text())
    return text_frame({**entry.to_wire(), **payload})


def tick(position: int, now_ms: int, *, heartbeat_s: int) -> bytes:
    message = {"type": "tick", "position": position, "server_time_ms": now_ms, "heartbeat_s": heartbeat_s}
    return text_frame(message)


def cameras(states: Mapping[str, Json], *, full: bool) -> bytes:
    return text_frame({"type": "cameras", "full": full, "states": states})


def online(people: Iterable[str]) -> bytes:
    return text_frame({"type": "online", "people": sorted(people)})


def positions(people: Mapping[str, Json], *, full: bool) -> bytes:
    return text_frame({"type": "positions", "full": full, "people": people})


def sums(items: Sequence[Json], *, full: bool) -> bytes:
    return text_frame({"type": "sums", "full": full, "items": items})


def lane(problems: Sequence[str], *, since_ms: int) -> bytes:
    return text_frame({"type": "lane", "ok": not problems, "since_ms": since_ms, "problems": problems})


def receipt_result(result: ReceiptResult) -> bytes:
    return text_frame(result.to_wire())


def reported(answer: Reported) -> bytes:
    if answer.is_whole:
        return _text_frame(f'{{"type":"reported","number":{answer.number},"ok":true,"refused":[]}}')
    return text_frame(answer.to_wire())


def error(code: str, message: str, *, camera: str | None = None) -> bytes:
    extra = {} if camera is None else {"camera": camera}
    return text_frame({"type": "error", "code": code, "message": message, **extra})


# --- /ws/video -------------------------------------------------------------------------------------------------------


def video_hello(person: Json, *, now_ms: int) -> bytes:
    return text_frame(
        {
            "type": "hello",
            "protocol": PROTOCOL,
            "server_time_ms": now_ms,
            "heartbeat_s": HEARTBEAT_S,
            "person": person,
        }
    )


def subscribed(camera: str, camera_number: int, state: Json) -> bytes:
    return text_frame({"type": "subscribed", "camera": camera, "camera_number": camera_number, "state": state})


def state(camera: str, camera_number: int, state: Json) -> bytes:
    return text_frame({"type": "state", "camera": camera, "camera_number": camera_number, "state": state})


def init(camera_number: int, *, codec: str, width: int, height: int) -> bytes:
    return text_frame(
        {"type": "init", "camera_number": camera_number, "codec": codec, "width": width, "height": height}
    )


def burst(camera_number: int, frames: int) -> bytes:
    return text_frame({"type": "burst", "camera_number": camera_number, "frames": frames})


def rendition(camera_number: int, word: str, why: str, message: str) -> bytes:
    return text_frame(
        {"type": "rendition", "camera_number": camera_number, "rendition": word, "why": why, "message": message}
    )


def drop(camera_number: int, skipped: int) -> bytes:
    return text_frame({"type": "drop", "camera_number": camera_number, "skipped": skipped})


def unsubscribed(camera: str, camera_number: int, code: str, message: str) -> bytes:
    return text_frame(
        {"type": "unsubscribed", "camera": camera, "camera_number": camera_number, "code": code, "message": message}
    )


def video_tick(now_ms: int) -> bytes:
    return text_frame({"type": "tick", "server_time_ms": now_ms})
