"""VideoLane: newest wins, nothing queued. The video sockets of this process and the cameras they watch."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from server.core import wire
from server.core.camera_states import CameraState
from server.core.client_messages import Ack, Heartbeat, Subscribe, Unsubscribe, VideoMessage
from server.core.entry import Entry
from server.core.people import Actor
from server.core.pushes import PushRecord
from server.core.wire import CloseCode
from server.errors import LogUnavailable
from server.lanes.cameras import CameraBoard
from server.lanes.looks import Looks
from server.lanes.metered_socket import CLEARED_S
from server.lanes.room import Watch
from server.lanes.rooms import Rooms
from server.lanes.socket import Socket
from server.lanes.video_session import STALL_S, VideoSession
from server.store import pushes
from server.store.db import Database
from streams.bus.wakeups import Wakeups

SWEEP_S = 1.0
MAX_WATCHES = 64
"""Cameras on one socket."""
MAX_SOCKETS = 4
"""Of one device: a page, a second window, and what is left of the ones before. The oldest goes first."""


class VideoLane:
    def __init__(
        self,
        board: CameraBoard,
        db: Database,
        looks: Looks,
        wakeups: Wakeups,
        *,
        bus_url: str,
        server_id: str,
        now_ms: Callable[[], int],
    ) -> None:
        self._rooms = Rooms(wakeups, bus_url=bus_url, server_id=server_id)
        self._board = board
        self._by_number = {camera.number: camera for camera in board.cameras.values()}
        self._db = db
        self._looks = looks
        self._now_ms = now_ms
        self._loop = asyncio.get_running_loop()
        self._sessions: dict[VideoSession, None] = {}
        board.listeners.append(self._on_states)

    @property
    def rooms(self) -> Rooms:
        """For those who need a camera's pictures and have no socket."""
        return self._rooms

    # --- sockets

    def open(self, actor: Actor, socket: Socket) -> VideoSession:
        """Greet a new connection."""
        session = VideoSession(actor, socket, self._loop.time, on_room=self._on_room)
        same = [other for other in self._sessions if (other.person.id, other.actor.device) == (actor.id, actor.device)]
        for older in same[: max(0, len(same) + 1 - MAX_SOCKETS)]:
            older.socket.close(CloseCode.REPLACED, "The same device opened newer connections.")
        self._sessions[session] = None
        socket.keep_kernel_buffer_small()
        session.socket.write(wire.video_hello(session.person.to_wire(device=actor.device), now_ms=self._now_ms()))
        session.socket.measure()
        return session

    def receive(self, session: VideoSession, message: VideoMessage) -> Coroutine[Any, Any, None] | None:
        """Do what a client asks for; what takes longer is returned to be done."""
        session.heard_at = self._loop.time()
        match message:
            case Ack(camera_number, sequence):
                watch = session.watches.get(camera_number)
                if watch is not None:
                    self._rooms.acknowledged(camera_number, watch, sequence)
            case Subscribe(camera, purpose):
                return self._subscribe(session, camera, purpose)
            case Unsubscribe(camera):
                self._unsubscribe(session, camera)
            case Heartbeat():
                pass
        return None

    def leave(self, session: VideoSession) -> None:
        """The connection is gone."""
        self._sessions.pop(session, None)
        for number in list(session.watches):
            self._end(session, number, "closed")

    def close_all(self) -> None:
        """The server stops: say so to everybody."""
        for session in self._sessions:
            session.socket.close(CloseCode.GOING_AWAY, "The server stops.")

    def sessions(self) -> list[VideoSession]:
        return list(self._sessions)

    # --- looks

    async def _subscribe(self, session: VideoSession, camera_id: str, purpose: str) -> None:
        camera = self._board.cameras.get(camera_id)
        try:
            await self._learn_permits(session)
            if camera is None or not session.permits.may_watch(camera.id, self._now_ms()):
                self._refuse(session, camera_id, purpose)
                return
            if camera.number in session.watches or camera.number in session.starting:
                self._say_subscribed(session, camera.number)
                return
            if len(session.watches) + len(session.starting) >= MAX_WATCHES:
                message = f"At most {MAX_WATCHES} cameras fit on one socket; unsubscribe from one first."
                session.socket.write(wire.error("request.invalid", message, camera=camera_id))
                return
            session.starting.add(camera.number)
            try:
                look = await self._looks.begin(session.actor, camera.id, purpose)
            finally:
                session.starting.discard(camera.number)
        except LogUnavailable:
            message = "Nobody can watch while it can't be put on record. Try again in a moment."
            session.socket.write(wire.error(LogUnavailable.code, message, camera=camera_id))
            return
        watch = Watch(session.socket, look)
        session.watches[camera.number] = watch
        # While that was written, the connection may have gone, or the push been recalled.
        if session not in self._sessions:
            self._end(session, camera.number, "closed")
            return
        self._say_subscribed(session, camera.number)
        if not session.permits.may_watch(camera.id, self._now_ms()):
            self._revoke(session, camera.number)
            return
        self._rooms.enter(camera.number, watch)

    async def _learn_permits(self, session: VideoSession) -> None:
        if session.person.is_staff:
            return
        read = partial(pushes.live_for, person_id=session.person.id, now_ms=self._now_ms())
        session.permits.learn(await self._db.read(read))

    def _refuse(self, session: VideoSession, camera_id: str, purpose: str) -> None:
        if camera_id not in session.refused and len(session.refused) < MAX_WATCHES:
            session.refused.add(camera_id)
            self._looks.refuse(session.actor, camera_id, purpose)
        # For an officer it is the same answer whether the camera exists: which there are is not his to know.
        code = "camera.unknown" if session.person.is_staff else "camera.forbidden"
        message = session.permits.why_not(camera_id, self._now_ms())
        session.socket.write(wire.error(code, message, camera=camera_id))

    def _unsubscribe(self, session: VideoSession, camera_id: str) -> None:
        camera = self._board.cameras.get(camera_id)
        if camera is not None and camera.number in session.watches:
            self._end(session, camera.number, "unsubscribed")

    def _revoke(self, session: VideoSession, number: int) -> None:
        camera_id = self._by_number[number].id
        why = session.permits.why_not(camera_id, self._now_ms())
        self._end(session, number, "revoked")
        session.socket.write(wire.unsubscribed(camera_id, number, "camera.forbidden", why))

    def _end(self, session: VideoSession, number: int, why: str) -> None:
        watch = session.watches.pop(number)
        self._looks.end(watch.look, frames=watch.viewer.frames, skipped=watch.viewer.skipped, why=why)
        self._rooms.leave(number, watch)

    def _say_subscribed(self, session: VideoSession, number: int) -> None:
        camera = self._by_number[number]
        state = self._board.state_of(camera.id)
        session.socket.write(wire.subscribed(camera.id, number, state.to_wire()))

    # --- what comes in

    def _on_states(self, changed: Mapping[str, CameraState]) -> None:
        for camera_id, state in changed.items():
            number = self._board.cameras[camera_id].number
            frame = wire.state(camera_id, number, state.to_wire())
            for watch in self._rooms.watches(number):
                watch.socket.write(frame)

    def _on_room(self, session: VideoSession) -> None:
        """On a link that is not wide: whoever waited longest for a picture of his gets the next."""
        for number, watch in list(session.watches.items()):
            if watch.pending_bytes() >= watch.viewer.max_pending_bytes:
                return
            if watch.viewer.is_behind:
                session.watches[number] = session.watches.pop(number)
                self._rooms.go_on(number, watch)

    def on_entry(self, entry: Entry) -> None:
        """An entry of the log: a push that is recalled ends the looks that it allowed, at once."""
        if entry.kind != "push":
            return
        push = PushRecord.from_wire(entry.payload["push"])
        for session in self._sessions:
            if session.permits.heard(push):
                self._check_permits(session)

    def _check_permits(self, session: VideoSession) -> None:
        now_ms = self._now_ms()
        for number in list(session.watches):
            if not session.permits.may_watch(self._by_number[number].id, now_ms):
                self._revoke(session, number)

    # --- what goes on

    async def run(self) -> None:
        """Follow cameras, lease them, and look after sockets, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._rooms.run(), name="rooms")
            group.create_task(self._sweep(), name="video sweep")

    async def _sweep(self) -> None:
        ticked_at = self._loop.time()
        while True:
            await asyncio.sleep(SWEEP_S)
            now = self._loop.time()
            for session in list(self._sessions):
                self._look_after(session, now)
            if now - ticked_at >= wire.HEARTBEAT_S:
                ticked_at = now
                tick = wire.video_tick(self._now_ms())
                for session in self._sessions:
                    session.socket.write(tick)

    def _look_after(self, session: VideoSession, now: float) -> None:
        if now - session.heard_at > wire.DEAD_AFTER_S:
            session.socket.close(CloseCode.NO_HEARTBEAT, "Nothing was heard for two heartbeats.")
            return
        if session.socket.is_stuck(now):
            session.socket.close(CloseCode.TOO_SLOW, f"What was on the way did not arrive in {CLEARED_S:.0f} s.")
            return
        if session.is_stalled(now):
            session.socket.close(CloseCode.TOO_SLOW, f"Nothing was read for {STALL_S:.0f} s.")
            return
        if not session.person.is_staff:
            self._check_permits(session)
