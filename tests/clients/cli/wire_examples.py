"""The golden bytes of tests/vectors/wire for the tests of the client."""

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parents[2] / "vectors" / "wire"
BINARY: dict[str, dict[str, Any]] = json.loads((_FOLDER / "binary.json").read_text())
EVENTS: dict[str, dict[str, Any]] = json.loads((_FOLDER / "events.json").read_text())
VIDEO: dict[str, dict[str, Any]] = json.loads((_FOLDER / "video.json").read_text())
HTTP: dict[str, dict[str, Any]] = json.loads((_FOLDER / "http.json").read_text())
_PAYLOADS: dict[str, bytes] = {name: (_FOLDER / entry["file"]).read_bytes() for name, entry in BINARY.items()}


def payload(name: str) -> bytes:
    return _PAYLOADS[name]
