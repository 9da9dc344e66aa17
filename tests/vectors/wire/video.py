"""Examples of the messages of /ws/video: text, and binary ones byte for byte (docs/wire.md §8)."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from streams.formats import fmp4
from streams.formats.h264 import video_parameters
from streams.fragment import HEADER, Flag, Fragment, Kind, pack
from streams.rendition import Rendition
from tests.vectors.wire.lives import NOW_MS
from tests.vectors.wire.scene import CAMERA_NUMBER, LIVE, OPERATOR, STALLED
from tests.vectors.wire.sendings import PUSH

FOLDER = Path(__file__).parent
VIDEO = {
    "server": {
        "hello": {"type": "hello", "protocol": 1, "server_time_ms": NOW_MS, "heartbeat_s": 10, "person": OPERATOR},
        "subscribed": {
            "type": "subscribed",
            "camera": "main-4th",
            "camera_number": CAMERA_NUMBER,
            "state": LIVE,
        },
        "state": {"type": "state", "camera": "main-4th", "camera_number": CAMERA_NUMBER, "state": STALLED},
        "state_down": {
            "type": "state",
            "camera": "main-4th",
            "camera_number": CAMERA_NUMBER,
            "state": {"state": "down", "since_ms": NOW_MS + 9_000, "reason": "The camera refused the password."},
        },
        "init": {
            "type": "init",
            "camera_number": CAMERA_NUMBER,
            "codec": "avc1.42C01F",
            "width": 160,
            "height": 90,
        },
        "rendition": {
            "type": "rendition",
            "camera_number": CAMERA_NUMBER,
            "rendition": "source",
            "why": "auto",
            "message": "",
        },
        "rendition_for_want_of_a_codec": {
            "type": "rendition",
            "camera_number": CAMERA_NUMBER,
            "rendition": "480p",
            "why": "codec",
            "message": "This client can't show H.265.",
        },
        "burst": {"type": "burst", "camera_number": CAMERA_NUMBER, "frames": 37},
        "drop": {"type": "drop", "camera_number": CAMERA_NUMBER, "skipped": 61},
        "unsubscribed": {
            "type": "unsubscribed",
            "camera": "main-4th",
            "camera_number": CAMERA_NUMBER,
            "code": "camera.forbidden",
            "message": "The push was recalled.",
        },
        "tick": {"type": "tick", "server_time_ms": NOW_MS + 10_000},
        "error": {
            "type": "error",
            "code": "camera.unknown",
            "message": "There is no camera 'main-5th' that you may watch.",
            "camera": "main-5th",
        },
    },
    "client": {
        "subscribe": {"type": "subscribe", "camera": "main-4th", "purpose": "wall"},
        "subscribe_to_a_push": {"type": "subscribe", "camera": "main-4th", "purpose": f"push:{PUSH['id']}"},
        "subscribe_to_a_rendition": {
            "type": "subscribe",
            "camera": "main-4th",
            "purpose": "wall",
            "quality": "480p",
            "codecs": ["avc1", "hvc1", "jpeg"],
        },
        "quality": {"type": "quality", "camera": "main-4th", "quality": "auto"},
        "quality_unmasked": {
            "type": "quality",
            "camera": "main-4th",
            "quality": "unmasked",
            "purpose": "Missing child, case 53-351",
        },
        "unsubscribe": {"type": "unsubscribe", "camera": "main-4th"},
        "ack": {"type": "ack", "camera_number": CAMERA_NUMBER, "sequence": 1234, "gap_ms": 130},
        "heartbeat": {"type": "heartbeat"},
    },
}


def fragments() -> Iterator[tuple[str, Fragment]]:
    """A camera from its first picture to its loss, and one that speaks MJPEG."""
    clip = json.loads((FOLDER / "clip.json").read_text())
    parameters = video_parameters([bytes.fromhex(clip["sps"])], [bytes.fromhex(clip["pps"])])
    first = 0xFFFFFFFF  # the counter wraps inside the example
    dts = 2**33  # beyond 32 bits, as after 26 hours
    yield (
        "init",
        pack(
            Kind.INIT,
            Flag.DISCONTINUITY,
            camera_number=CAMERA_NUMBER,
            sequence=first,
            captured_ms=NOW_MS + 0.25,
            dts=dts,
            body=fmp4.init_segment(parameters),
        ),
    )
    names = ("key_frame", "delta_frame", "delta_frame_2", "delta_frame_3")
    for n, (name, unit) in enumerate(zip(names, clip["access_units"], strict=True)):
        sequence = first + 1 + n
        body = fmp4.frame(sequence & 0xFFFFFFFF, dts + 3600 * n, 3600, unit["is_key"], bytes.fromhex(unit["data"]))
        yield (
            name,
            pack(
                Kind.FRAME,
                Flag.KEY if unit["is_key"] else Flag.NONE,
                camera_number=CAMERA_NUMBER,
                sequence=sequence,
                captured_ms=NOW_MS + 0.25 + 40 * n,
                dts=dts + 3600 * n,
                body=body,
            ),
        )
    yield (
        "key_frame_480p",
        pack(
            Kind.FRAME,
            Flag.KEY,
            camera_number=CAMERA_NUMBER,
            sequence=12,
            captured_ms=NOW_MS + 0.25,
            dts=dts,
            body=fmp4.frame(12, dts, 9000, True, bytes.fromhex(clip["access_units"][0]["data"])),
            rendition=Rendition.P480,
        ),
    )
    yield (
        "gap",
        pack(
            Kind.GAP,
            Flag.NONE,
            camera_number=CAMERA_NUMBER,
            sequence=first + 5,
            captured_ms=NOW_MS + 5_160.25,
            dts=dts + 3600 * 3,
        ),
    )
    yield (
        "jpeg",
        pack(
            Kind.JPEG,
            Flag.KEY,
            camera_number=65_535,
            sequence=0,
            captured_ms=NOW_MS + 0.5,
            dts=0,
            body=bytes.fromhex(clip["jpeg"]),
        ),
    )


def binary() -> tuple[dict[str, Any], dict[str, bytes]]:
    """The index, and the payload of each WebSocket message by file name.

    64-bit integers are strings in the index: a JSON number does not hold them in every language.
    """
    index: dict[str, Any] = {}
    files: dict[str, bytes] = {}
    for name, fragment in fragments():
        head_bytes = len(fragment.message) - HEADER.size - len(fragment.body)
        payload = fragment.message[head_bytes:]
        file = f"{name}.bin"
        files[file] = payload
        index[name] = {
            "file": file,
            "kind": int(fragment.kind),
            "flags": int(fragment.flags),
            "camera_number": fragment.camera_number,
            "sequence": fragment.sequence,
            "captured_ms": fragment.captured_ms,
            "dts": str(fragment.dts),
            "body_length": len(fragment.body),
            "body_starts_with": fragment.body[:16].hex(),
            "header": payload[: HEADER.size].hex(),
            "websocket_frame_head": fragment.message[:head_bytes].hex(),
            "sha256": hashlib.sha256(payload).hexdigest(),
        }
        if fragment.kind is Kind.FRAME:
            index[name]["access_unit_starts_with"] = fragment.body[112:128].hex()
    return index, files
