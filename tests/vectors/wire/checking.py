"""Examples of stills, picture checks and up-time (docs/wire.md §8)."""

from typing import Any

from server.core.nearest import Fault
from server.core.picture_checks import Check, Finding, Outcome
from server.core.uptime import report
from streams.config import CameraConfig
from streams.formats.picture_pipe import Figures
from tests.vectors.wire.lives import NOW_MS

_TOKEN = {"Authorization": "Bearer dG9rZW4"}
_HOUR_MS = 3_600_000
_CAMERAS = (
    CameraConfig("main-4th", 4, "Main St / 4th Ave", "rtsp://192.0.2.10/", district="Downtown"),
    CameraConfig("park-2nd", 9, "Park St / 2nd Ave", "rtsp://192.0.2.11/", district="Riverfront"),
)
GOOD = Check(
    "main-4th",
    NOW_MS - 24 * _HOUR_MS,
    "",
    Outcome.GOOD,
    figures=Figures(0.0, 0.17, 1.0, 0.07, 0.46, 110, 0.99, 0.95, 0.99, 0.02),
)
MOVED = Check(
    "main-4th",
    NOW_MS,
    "operator",
    Outcome.FAULTY,
    (
        Finding(
            Fault.MOVED,
            "Of 110 places in the reference picture 91 are not where they were: the camera may look elsewhere.",
        ),
    ),
    figures=Figures(0.0, 0.19, 1.0, 0.07, 0.44, 110, 0.97, 0.17, 1.05, 0.06),
)
REFERENCE = {"at_ms": NOW_MS - 48 * _HOUR_MS, "set_by": None}


def http() -> dict[str, Any]:
    spent = {
        "main-4th": {"live": 90 * _HOUR_MS, "stalled": 2 * _HOUR_MS, "down": 8 * _HOUR_MS},
        "park-2nd": {"idle": 100 * _HOUR_MS},
    }
    from_ms = NOW_MS - 100 * _HOUR_MS
    return {
        "still_of_a_camera_that_is_down": {
            "request": {"method": "GET", "path": "/api/cameras/park-2nd/still", "headers": _TOKEN},
            "answer": {
                "status": 503,
                "body": {
                    "error": {
                        "code": "still.unavailable",
                        "message": "The camera gave no whole picture within 10 s. It is down: Nobody answers at the"
                        " address of the camera.",
                    }
                },
            },
        },
        "check": {
            "request": {"method": "POST", "path": "/api/cameras/main-4th/check", "headers": _TOKEN},
            "answer": {"status": 200, "body": {"check": MOVED.to_wire()}},
        },
        "checks_ordered": {
            "request": {
                "method": "POST",
                "path": "/api/cameras/checks",
                "headers": _TOKEN,
                "body": {"cameras": ["main-4th", "park-2nd"]},
            },
            "answer": {"status": 202, "body": {"ordered": 2}},
        },
        "checks": {
            "request": {"method": "GET", "path": "/api/cameras/main-4th/checks", "headers": _TOKEN},
            "answer": {
                "status": 200,
                "body": {"reference": REFERENCE, "checks": [MOVED.to_wire(), GOOD.to_wire()]},
            },
        },
        "uptime": {
            "request": {
                "method": "GET",
                "path": f"/api/cameras/uptime?from_ms={from_ms}&to_ms={NOW_MS}",
                "headers": _TOKEN,
            },
            "answer": {"status": 200, "body": report(_CAMERAS, spent, from_ms=from_ms, to_ms=NOW_MS)},
        },
    }
