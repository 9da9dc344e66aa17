"""Write the examples of docs/wire.md: every text message, HTTP exchanges, and binary messages byte for byte.

    python -m tests.vectors.wire.make

The files are in the repository; ``test_make.py`` checks that this script still writes them exactly. Clients in any
language can test against them without a server.
"""

import json
from pathlib import Path

from tests.vectors.wire.events import EVENTS
from tests.vectors.wire.http import http
from tests.vectors.wire.video import VIDEO, binary

FOLDER = Path(__file__).parent


def everything() -> dict[str, bytes]:
    """File name → content."""
    index, files = binary()
    texts = {"events.json": EVENTS, "video.json": VIDEO, "http.json": http(), "binary.json": index}
    return {name: json.dumps(value, indent=1).encode() + b"\n" for name, value in texts.items()} | files


if __name__ == "__main__":
    for name, content in everything().items():
        (FOLDER / name).write_bytes(content)
        print(f"{name}: {len(content)} bytes")
