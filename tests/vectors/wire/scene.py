"""Examples of who and what there is: people, a camera, a photo."""

import base64
import json
from pathlib import Path

from tests.vectors.wire.lives import NOW_MS

FOLDER = Path(__file__).parent
INSTALLATION = "5f0c8f0e2b7f4d5f9a60d1f0a6f4c3b1"
CAMERA_NUMBER = 4
OFFICER = {"id": "officer-12", "name": "A. Reyes", "role": "officer", "unit": "12", "device": "tablet-12"}
OPERATOR = {"id": "operator", "name": "M. Ortiz", "role": "operator", "unit": "", "device": "console-3"}
LIVE = {"state": "live", "since_ms": NOW_MS - 60_000, "reason": ""}
STALLED = {"state": "stalled", "since_ms": NOW_MS + 5_000, "reason": "no picture for 5 s"}
CAMERA = {
    "id": "main-4th",
    "number": CAMERA_NUMBER,
    "name": "Main St / 4th Ave",
    "district": "Downtown",
    "lat": 41.7637,
    "lon": -72.6742,
    "heading_deg": 90.0,
    "fov_deg": 60.0,
    "state": LIVE,
    "fault": None,
}
MEDIA = {
    "id": "9f64a747e1b97f131fabb6b447296c9b6f0201e79fb3c5356e6c77e89b6a806a",
    "width": 1200,
    "height": 1600,
    "bytes": 181_204,
    "thumbnail": base64.b64encode(bytes.fromhex(json.loads((FOLDER / "clip.json").read_text())["jpeg"])).decode(),
}
