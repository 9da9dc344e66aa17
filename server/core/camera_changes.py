"""CameraChanges: when each camera's state became another one, as it is kept for the report of up-time."""

from collections.abc import Mapping
from dataclasses import dataclass

from server.core.camera_states import CameraState

KEPT_MS = 400 * 24 * 3600 * 1000
UNSEEN_MS = 10_000
"""So long may nobody have looked without anybody calling it unknown: that is how often changes are written."""
PASSING = "starting"
"""A state that is over in a moment; until then the one before counts."""


@dataclass(frozen=True, slots=True)
class Change:
    camera: str
    at_ms: int
    state: str
    """From then on."""


class Changes:
    """What is to be written, in order, of what is heard.

    Args:
        last: the last change of each camera that was written.
        seen_ms: up to then all changes were written.
    """

    def __init__(self, last: Mapping[str, Change], seen_ms: int) -> None:
        self._last = dict(last)
        self._seen_ms = seen_ms

    def resume(self, states: Mapping[str, CameraState], now_ms: int) -> list[Change]:
        """How the cameras are, after nobody or another server has watched them.

        A state that was there before the last look has been there all the time: its reader says so. Of the time
        between the last look and a state that came later nothing is known.
        """
        made: list[Change] = []
        for camera in self._last.keys() - states.keys():
            # It is not in the configuration any more; should it come back, it has not been like that all the time.
            made += self._add(camera, "unknown", self._seen_ms)
        for camera, state in states.items():
            last = self._last.get(camera)
            if last is not None and state.since_ms - self._seen_ms > UNSEEN_MS:
                made += self._add(camera, "unknown", self._seen_ms)
            made += self._add(camera, state.state, min(max(state.since_ms, self._seen_ms), now_ms))
        return made

    def follow(self, states: Mapping[str, CameraState], now_ms: int) -> list[Change]:
        """Those that have changed."""
        return [
            change
            for camera, state in states.items()
            for change in self._add(camera, state.state, min(state.since_ms, now_ms))
        ]

    def _add(self, camera: str, state: str, at_ms: int) -> list[Change]:
        last = self._last.get(camera)
        if state == PASSING or (last is not None and last.state == state):
            return []
        # Readers have clocks of their own, and they may be started anew: time goes on all the same.
        change = Change(camera, at_ms if last is None else max(at_ms, last.at_ms + 1), state)
        self._last[camera] = change
        return [change]
