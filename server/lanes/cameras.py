"""CameraBoard: how the cameras are, for whoever wants to be told."""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping, Sequence

from server.core.camera_figures import CameraFigures
from server.core.camera_states import CameraState, CameraStates
from server.core.renditions import Refusal
from streams.config import CameraConfig

logger = logging.getLogger(__name__)

SWEEP_S = 1.0

Listener = Callable[[Mapping[str, CameraState]], None]
"""Is given the cameras whose state has changed; called on the loop, must not block or raise."""


class CameraBoard:
    """The cameras of the configuration, and what the streams processes say of them on the bus."""

    def __init__(self, cameras: Sequence[CameraConfig], *, now_ms: Callable[[], int]) -> None:
        self.cameras: Mapping[str, CameraConfig] = {camera.id: camera for camera in cameras}
        self.listeners: list[Listener] = []
        self._now_ms = now_ms
        self._states = CameraStates(self.cameras, now_ms=now_ms())

    def state_of(self, camera_id: str) -> CameraState:
        return self._states[camera_id]

    def figures_of(self, camera_id: str) -> CameraFigures | None:
        return self._states.figures(camera_id)

    def refusal_of(self, camera_id: str) -> Refusal:
        return self._states.refusal(camera_id)

    def states(self) -> Mapping[str, CameraState]:
        return self._states.all()

    def on_states(self, payload: bytes) -> None:
        """Take a message of the bus channel ``states``."""
        try:
            changed = self._states.heard(json.loads(payload), asyncio.get_running_loop().time())
        except (ValueError, KeyError, TypeError, OverflowError, AttributeError) as error:
            logger.warning("camera states not understood: %s", type(error).__name__)
            return
        self._tell(changed)

    async def run(self) -> None:
        """Notice when readers fall silent, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_S)
            self._tell(self._states.silent(loop.time(), now_ms=self._now_ms()))

    def _tell(self, changed: Mapping[str, CameraState]) -> None:
        if changed:
            for listener in self.listeners:
                listener(changed)
