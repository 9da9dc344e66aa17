"""Examples of ordering a clip and of taking it away with its proof (docs/wire.md §6.8)."""

import json
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.core import manifest
from server.core.clips import ClipCamera, ClipOrder, ClipRecord, ClipState, Film
from server.core.manifest import Clock
from server.media.clip_key import public_pem
from streams.formats.mp4_file import Piece
from tests.vectors.wire.lives import NOW_MS

_TOKEN = {"Authorization": "Bearer dG9rZW4"}
KEY = Ed25519PrivateKey.from_private_bytes(b"sightline wire example secret 02")
"""Guards nothing."""
ORDER = ClipOrder(
    "9b2e1c1e-4a55-4a53-8f0e-5d1f0c3f7a10", "main-4th", NOW_MS - 30_000, NOW_MS + 60_000, "Two cars, the second one"
)
WANTED = ClipRecord(
    id=ORDER.id,
    number=17,
    state=ClipState.WANTED,
    camera=ClipCamera("main-4th", 4, "Main St / 4th Ave"),
    from_ms=ORDER.from_ms,
    to_ms=ORDER.to_ms,
    why=ORDER.why,
    alert_id=None,
    asked_by="operator",
    asked_ms=NOW_MS,
)
_FILM = Film(
    "000017.1.mp4",
    "6c1f0a8e5b0c7d1b9f3f9f6f0f7f64b1f3d7a1a4b9d2c8e6a5f4e3d2c1b0a998",
    44_218_703,
    "avc1",
    (
        Piece("", 0, NOW_MS - 30_880, NOW_MS + 11_960, 1072),
        Piece("gap", 47_120, NOW_MS + 16_240, NOW_MS + 59_960, 1094),
    ),
)
KEPT = replace(WANTED, state=ClipState.RECORDING).kept(_FILM, now_ms=NOW_MS + 62_700, keep_ms=30 * 86_400_000)
_CLOCK = Clock(behind_at_most_ms=85, is_synchronized=True, max_error_ms=12)


def http() -> dict[str, Any]:
    said = manifest.of_clip(KEPT, _FILM, _CLOCK, installation="0d9f3c0a4c0e4b0d8a44a2f1d7f3c111", software="0.1.0")
    path = f"/api/clips/{ORDER.id}"
    body = {name: value for name, value in ORDER.to_json().items() if name != "alert_id"}
    return {
        "clip_ordered": {
            "request": {"method": "POST", "path": "/api/clips", "headers": _TOKEN, "body": body},
            "answer": {"status": 201, "body": {"clip": WANTED.to_wire()}},
        },
        "clips": {
            "request": {"method": "GET", "path": "/api/clips?camera=main-4th", "headers": _TOKEN},
            "answer": {"status": 200, "body": {"clips": [KEPT.to_wire()]}},
        },
        "clip_that_is_not_there_yet": {
            "request": {"method": "GET", "path": f"{path}/video", "headers": _TOKEN},
            "answer": {
                "status": 409,
                "body": {
                    "error": {
                        "code": "conflict.state",
                        "message": "The clip is not recorded yet. Ask again when its state is 'kept'.",
                    },
                    "clip": WANTED.to_wire(),
                },
            },
        },
        "clip_manifest": {
            "request": {"method": "GET", "path": f"{path}/manifest", "headers": _TOKEN},
            "answer": {"status": 200, "body": json.loads(manifest.sign(said, KEY))},
        },
        "clip_key": {
            "request": {"method": "GET", "path": "/api/clips/key", "headers": _TOKEN},
            "answer": {
                "status": 200,
                "body": {
                    "algorithm": manifest.ALGORITHM,
                    "pem": public_pem(KEY),
                    "fingerprint": manifest.fingerprint(KEY.public_key().public_bytes_raw()),
                },
            },
        },
    }
