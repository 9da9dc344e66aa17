"""VideoLane: newest wins, nothing queued. The video sockets of this process and the cameras they watch."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from server.core import wire
from server.core.camera_states import CameraState
from server.core.client_messages import Ack, AskQuality, Heartbeat, Subscribe, Unsubscribe, VideoMessage
from server.core.entry import Entry
from server.core.people import Actor
from server.core.pushes import PushRecord
from server.core.wire import CloseCode
from server.lanes.cameras import CameraBoard
from server.lanes.links import Links
from server.lanes.looks import Looks
from server.lanes.metered_socket import CLEARED_S
from server.lanes.renditions import Renditions
from server.lanes.rooms import Rooms
from server.lanes.socket import Socket
from server.lanes.video_session import STALL_S, VideoSession
from server.lanes.viewing import Viewing
from server.store.db import Database
from streams.bus.wakeups import Wakeups

SWEEP_S = 1.0
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
        self._rooms = Rooms(wakeups, bus_url=bus_url, server_id=server_id, on_codec=self._on_codec)
        self._loop = asyncio.get_running_loop()
        self._renditions = Renditions(board, self._rooms, self._loop.time)
        self._links = Links(self._loop.time)
        self._viewing = Viewing(board, db, looks, self._renditions, now_ms=now_ms)
        self._board = board
        self._now_ms = now_ms
        self._sessions: dict[VideoSession, None] = {}
        board.listeners.append(self._on_states)

    @property
    def rooms(self) -> Rooms:
        """For those who need a camera's pictures and have no socket."""
        return self._rooms

    # --- sockets

    def open(self, actor: Actor, socket: Socket) -> VideoSession:
        """Greet a new connection."""
        carried = self._links.came(actor.id, actor.device)
        session = VideoSession(actor, socket, self._loop.time, on_room=self._on_room, carried=carried)
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
        session.heard(self._loop.time())
        match message:
            case Ack(camera_number, sequence):
                tile = session.tiles.get(camera_number)
                if tile is not None:
                    tile.acknowledged(sequence)
            case Subscribe():
                return self._viewing.subscribe(session, message)
            case AskQuality():
                return self._viewing.ask_quality(session, message)
            case Unsubscribe(camera):
                self._viewing.unsubscribe(session, camera)
            case Heartbeat():
                pass
        return None

    def leave(self, session: VideoSession) -> None:
        """The connection is gone."""
        self._sessions.pop(session, None)
        session.is_gone = True
        for number in list(session.tiles):
            self._viewing.end(session, number, "closed")
        self._links.left(session.person.id, session.actor.device, session.carried)

    def close_all(self) -> None:
        """The server stops: say so to everybody."""
        for session in self._sessions:
            session.socket.close(CloseCode.GOING_AWAY, "The server stops.")

    def sessions(self) -> list[VideoSession]:
        return list(self._sessions)

    # --- what comes in

    def _on_states(self, changed: Mapping[str, CameraState]) -> None:
        for camera_id, state in changed.items():
            number = self._board.cameras[camera_id].number
            if state.state == "idle":
                self._renditions.forget(number)
            frame = wire.state(camera_id, number, state.to_wire())
            for tile in self._renditions.of(number):
                tile.socket.write(frame)

    def _on_codec(self, stream_number: int, codec: str) -> None:
        self._renditions.on_codec(stream_number, codec)

    def _on_room(self, session: VideoSession) -> None:
        """On a link that is not wide: whoever waited longest for a picture of his gets the next."""
        for number, tile in list(session.tiles.items()):
            if not tile.has_room:
                return
            if tile.go_on():
                session.tiles[number] = session.tiles.pop(number)

    def on_entry(self, entry: Entry) -> None:
        """An entry of the log: a push that is recalled ends the looks that it allowed, at once."""
        if entry.kind != "push":
            return
        push = PushRecord.from_wire(entry.payload["push"])
        for session in self._sessions:
            if session.permits.heard(push):
                self._viewing.check_permits(session)

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
        if session.is_stuck(now):
            session.socket.close(CloseCode.TOO_SLOW, f"What was on the way did not arrive in {CLEARED_S:.0f} s.")
            return
        if session.is_stalled(now):
            session.socket.close(CloseCode.TOO_SLOW, f"Nothing was read for {STALL_S:.0f} s.")
            return
        if not session.person.is_staff:
            self._viewing.check_permits(session)
        self._renditions.look_after(session.tiles.values(), is_read=session.reads(now))
