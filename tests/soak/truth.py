"""Truth: since when each camera has really sent nothing, and who says otherwise."""

import time
from collections.abc import Iterable

from tests.soak.viewer import LIVE_MS, Viewer

SLACK_S = 0.3
"""Between two looks, and for a busy machine to deliver what was sent before."""


class Truth:
    def __init__(self) -> None:
        self._silent_since: dict[int, float] = {}

    def obeyed(self, what: str, camera: int, at: float) -> None:
        """A camera has done this, ``at`` by ``time.monotonic``."""
        if what == "resume":
            self._silent_since.pop(camera, None)
        elif what != "change":
            self._silent_since[camera] = at

    def lies(self, viewers: Iterable[Viewer]) -> list[str]:
        """A sentence for each viewer who would show an old picture as live now."""
        now = time.monotonic()
        found = []
        for viewer in viewers:
            silent_s = now - self._silent_since.get(viewer.camera, now)
            if viewer.is_there and viewer.shows_live and silent_s > LIVE_MS / 1000 + SLACK_S:
                found.append(f"camera-{viewer.camera} has been silent for {silent_s:.1f} s and is shown as live")
        return found
