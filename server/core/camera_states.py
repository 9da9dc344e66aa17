"""CameraStates: how each camera is, as the streams processes say it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from server.core.camera_figures import CameraFigures
from server.core.renditions import Refusal

STATES = ("idle", "starting", "live", "stalled", "down", "unknown")
NO_REFUSAL = Refusal()
SILENT_AFTER_S = 6.0
"""The streams processes say everything every 2 s; after three times nothing is known."""


@dataclass(frozen=True, slots=True)
class CameraState:
    """docs/wire.md §3: one of ``STATES``, since when, and for people why."""

    state: str
    since_ms: int
    reason: str = ""

    def to_wire(self) -> dict[str, Any]:
        return {"state": self.state, "since_ms": self.since_ms, "reason": self.reason}


class CameraStates:
    """The last word on every camera. ``now`` is seconds of any origin, ``now_ms`` since the epoch."""

    def __init__(self, cameras: Iterable[str], *, now_ms: int) -> None:
        self._states = {
            camera: CameraState("unknown", now_ms, "Nothing has been heard of its reader yet.") for camera in cameras
        }
        self._figures: dict[str, CameraFigures] = {}
        self._refusals: dict[str, Refusal] = {}
        self._heard_at: dict[str, float] = {}
        """Camera → when its reader was last heard of."""

    def __getitem__(self, camera: str) -> CameraState:
        return self._states[camera]

    def all(self) -> Mapping[str, CameraState]:
        return self._states

    def figures(self, camera: str) -> CameraFigures | None:
        """None when nothing is heard of its reader."""
        return self._figures.get(camera)

    def refusal(self, camera: str) -> Refusal:
        """Which renditions of it can't be had for now; of nothing when nothing is heard of its reader."""
        return self._refusals.get(camera, NO_REFUSAL)

    def heard(self, message: Mapping[str, Any], now: float) -> dict[str, CameraState]:
        """Take in what a streams process says on the bus.

        Returns:
            The cameras whose state is another one now. Cameras that this server does not know are left out.

        Raises:
            KeyError, TypeError, ValueError, OverflowError, AttributeError: the message is not what streams
                processes send.
        """
        changed = {}
        for camera, said in message["cameras"].items():
            if camera not in self._states:
                continue
            self._heard_at[camera] = now
            self._figures[camera] = CameraFigures.parse(said)
            self._refusals[camera] = Refusal.parse(said)
            state = CameraState(str(said["state"]), int(said["since_ms"]), str(said["reason"]))
            if state.state in STATES and state != self._states[camera]:
                self._states[camera] = changed[camera] = state
        return changed

    def silent(self, now: float, *, now_ms: int) -> dict[str, CameraState]:
        """The cameras that nothing has been heard of for ``SILENT_AFTER_S``; they are unknown from now on."""
        changed = {}
        for camera, heard_at in list(self._heard_at.items()):
            if now - heard_at > SILENT_AFTER_S:
                del self._heard_at[camera]
                self._figures.pop(camera, None)
                self._refusals.pop(camera, None)
                unknown = CameraState(
                    "unknown", now_ms, f"Nothing has been heard of its reader for {SILENT_AFTER_S:.0f} s."
                )
                self._states[camera] = changed[camera] = unknown
        return changed
