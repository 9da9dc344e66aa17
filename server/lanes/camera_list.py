"""CameraList: tells each session of /ws/events the states of the cameras that its person may watch now."""

from collections.abc import Callable, Container, Mapping

from server.core import wire
from server.core.audience import Audience
from server.core.camera_states import CameraState
from server.core.hub import Hub
from server.core.people import Role
from server.core.pushes import PushRecord
from server.lanes.cameras import CameraBoard
from server.lanes.events_session import EventsSession

OFFICERS = Audience(roles=frozenset({Role.OFFICER}))
NO_CAMERAS = wire.cameras({}, full=True)


class CameraList:
    def __init__(self, board: CameraBoard, hub: Hub[EventsSession], *, now_ms: Callable[[], int]) -> None:
        self._board = board
        self._hub = hub
        self._now_ms = now_ms
        board.listeners.append(self._on_states)

    def greet(self, session: EventsSession) -> None:
        """Tell all; that replaces what the client knows."""
        self._tell(session, None)

    def on_push(self, push: PushRecord) -> None:
        """A push was sent or recalled, and those whom it concerns have been told."""
        for session in self._hub.live_of(push.recipients):
            if session.permits.heard(push):
                # What he may not watch any more has to go from his list: only all of it anew can say that.
                states = None if push.is_recalled else self._states_of({camera.id for camera in push.cameras})
                self._tell(session, states)

    def _on_states(self, changed: Mapping[str, CameraState]) -> None:
        frame = wire.cameras({camera: state.to_wire() for camera, state in changed.items()}, full=False)
        for session in self._hub.staff():
            session.socket.write(frame)
        for session in self._hub.concerned(OFFICERS):
            if not session.permits.is_empty:
                self._tell(session, changed)

    def _states_of(self, cameras: Container[str]) -> dict[str, CameraState]:
        return {camera: state for camera, state in self._board.states().items() if camera in cameras}

    def _tell(self, session: EventsSession, states: Mapping[str, CameraState] | None) -> None:
        """Tell those of the states whose camera the person may watch; None: all, replacing what he knows."""
        if states is None and session.permits.is_empty:
            session.socket.write(NO_CAMERAS)
            return
        now_ms = self._now_ms()
        told = {
            camera: state.to_wire()
            for camera, state in (self._board.states() if states is None else states).items()
            if session.permits.may_watch(camera, now_ms)
        }
        if told or states is None:
            session.socket.write(wire.cameras(told, full=states is None))
