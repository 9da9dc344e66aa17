"""Examples of what is asked about cameras: which see a place, how they are (docs/wire.md §3)."""

from collections.abc import Mapping
from typing import Any

from server.core import metrics
from server.core.camera_figures import CameraFigures
from server.core.camera_states import CameraState
from tests.vectors.wire.lives import NOW_MS
from tests.vectors.wire.scene import CAMERA, LIVE

_TOKEN = {"Authorization": "Bearer dG9rZW4"}
FIGURES = {"fps": 25.0, "bitrate_bps": 2_014_000, "gop_pictures": 50, "losses": 0, "picture_age_ms": 840}
SILENT = {
    "state": "unknown",
    "since_ms": NOW_MS - 3_600_000,
    "reason": "Nothing has been heard of its reader for 6 s.",
}


def http() -> dict[str, Any]:
    states = {
        "main-4th": CameraState("live", NOW_MS - 60_000),
        "park-2nd": CameraState("unknown", NOW_MS, "Nothing has been heard of its reader yet."),
    }
    figures = {"main-4th": CameraFigures(25.0, 2_014_000, 50, 0, NOW_MS - 840)}
    return {
        "nearest": {
            "request": {
                "method": "GET",
                "path": "/api/cameras/nearest?lat=41.7637&lon=-72.6737&radius_m=25&count=4",
                "headers": _TOKEN,
            },
            "answer": {
                "status": 200,
                "body": {
                    "view": "seen",
                    "message": "",
                    "cameras": [{"camera": CAMERA, "distance_m": 41, "sight": "sees", "share": 0.81, "working": True}],
                    "unplaced": 1,
                },
            },
        },
        "nearest_to_a_place_that_nobody_sees": {
            "request": {
                "method": "GET",
                "path": "/api/cameras/nearest?lat=41.7641&lon=-72.6739&radius_m=25",
                "headers": _TOKEN,
            },
            "answer": {
                "status": 200,
                "body": {"view": "none", "message": "No working view of this point.", "cameras": [], "unplaced": 0},
            },
        },
        "nearest_to_nowhere": {
            "request": {"method": "GET", "path": "/api/cameras/nearest?lat=91&lon=-72.6739", "headers": _TOKEN},
            "answer": {
                "status": 400,
                "body": {
                    "error": {
                        "code": "request.invalid",
                        "message": "'lat' must be a number from -90 to 90.",
                        "path": "lat",
                    }
                },
            },
        },
        "camera_health": {
            "request": {"method": "GET", "path": "/api/cameras/health", "headers": _TOKEN},
            "answer": {
                "status": 200,
                "body": {
                    "cameras": [
                        _health("main-4th", 4, "Main St / 4th Ave", LIVE, FIGURES),
                        _health("park-2nd", 9, "Park St / 2nd Ave", SILENT, dict.fromkeys(FIGURES)),
                    ]
                },
            },
        },
        "metrics": {
            "request": {"method": "GET", "path": "/metrics", "headers": {"Authorization": "Bearer metrics-token"}},
            "answer": {
                "status": 200,
                "headers": {"content-type": f"{metrics.CONTENT_TYPE}; version={metrics.VERSION}; charset=utf-8"},
                "body_text": metrics.exposition(states, figures, {}, tasks=31, now_ms=NOW_MS),
            },
        },
    }


def _health(
    camera_id: str, number: int, name: str, state: dict[str, Any], figures: Mapping[str, float | None]
) -> dict[str, Any]:
    return {
        "id": camera_id,
        "number": number,
        "name": name,
        "district": "Downtown",
        "state": state,
        **figures,
        "masked": False,
        "check": None,
        "check_ordered_ms": None,
        "reference": None,
    }
