"""A clip that tests speak about."""

from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server.core.clips import ClipCamera, ClipOrder, ClipRecord, ClipState, Film
from server.core.manifest import Clock
from streams.formats.mp4_file import Piece
from tests.server.samples import NOW_MS

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
MAIN = ClipCamera("main-4th", 4, "Main St / 4th Ave")
CLIP_CAMERAS = {"main-4th": MAIN, "harbor": ClipCamera("harbor", 5, "Harbor Gate", masks=2)}
CLOCK = Clock(behind_at_most_ms=120, is_synchronized=True, max_error_ms=4)
A_FILM = Film(
    "000001.1.mp4",
    "ab" * 32,
    2000,
    "avc1",
    (Piece("", 0, NOW_MS + 5_000, NOW_MS + 6_960, 50), Piece("restarted", 3_000, NOW_MS + 8_000, NOW_MS + 8_960, 25)),
)
RECORDING = ClipRecord(
    id="clip-1",
    number=1,
    state=ClipState.RECORDING,
    camera=MAIN,
    from_ms=NOW_MS,
    to_ms=NOW_MS + 10_000,
    why="Two cars, the second one",
    alert_id=None,
    asked_by="operator",
    asked_ms=NOW_MS + 9_000,
)
A_CLIP = RECORDING.kept(A_FILM, now_ms=NOW_MS + 13_000, keep_ms=1_000_000)


def a_clip_order(clip_id: str = "clip-1", **fields: Any) -> ClipOrder:
    given: dict[str, Any] = {
        "camera": "main-4th",
        "from_ms": NOW_MS,
        "to_ms": NOW_MS + 10_000,
        "why": "Two cars, the second one",
    }
    return ClipOrder(id=clip_id, **given | fields)
