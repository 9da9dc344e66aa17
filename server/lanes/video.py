"""VideoLane: newest wins, nothing queued. The video sockets of this process and the cameras they watch."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial
from math import inf

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
from server.lanes.room import Room, Watch
from server.lanes.socket import Socket
from server.lanes.video_session import STALL_S, VideoSession
from server.store import pushes
from server.store.db import Database
from streams.bus import channels
from streams.bus.follower import FragmentFollower
from streams.bus.wakeups import Wakeups
from streams.demand import Demand
from streams.fragment import unpack

logger = logging.getLogger(__name__)

DEMAND_EVERY_S = 2.0
DEMAND_TTL_S = 6.0
BURST_EVERY_S = 1.0
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
        self.follower = FragmentFollower(bus_url, server_id, self._on_message, on_reconnect=self._on_reconnect)
        self._board = board
        self._by_number = {camera.number: camera for camera in board.cameras.values()}
        self._db = db
        self._looks = looks
        self._wakeups = wakeups
        self._server_id = server_id
        self._now_ms = now_ms
        self._loop = asyncio.get_running_loop()
        self._rooms: dict[int, Room] = {}
        self._sessions: dict[VideoSession, None] = {}
        self._demand_changed = asyncio.Event()
        self._to_join: set[int] = set()
        """Cameras that a burst has to be asked for."""
        self._asked_at: dict[int, float] = {}
        self._garbled = 0
        board.listeners.append(self._on_states)

    # --- sockets

    def open(self, actor: Actor, socket: Socket) -> VideoSession:
        """Greet a new connection."""
        session = VideoSession(actor, socket, self._loop.time())
        same = [other for other in self._sessions if (other.person.id, other.actor.device) == (actor.id, actor.device)]
        for older in same[: max(0, len(same) + 1 - MAX_SOCKETS)]:
            older.socket.close(CloseCode.REPLACED, "The same device opened newer connections.")
        self._sessions[session] = None
        socket.keep_kernel_buffer_small()
        socket.write(wire.video_hello(session.person.to_wire(device=actor.device), now_ms=self._now_ms()))
        return session

    async def receive(self, session: VideoSession, message: VideoMessage) -> None:
        """Do what a client asks for."""
        session.heard_at = self._loop.time()
        match message:
            case Ack(camera_number, sequence):
                watch = session.watches.get(camera_number)
                if watch is not None:
                    self._rooms[camera_number].acknowledged(watch, sequence)
            case Subscribe(camera, purpose):
                await self._subscribe(session, camera, purpose)
            case Unsubscribe(camera):
                self._unsubscribe(session, camera)
            case Heartbeat():
                pass

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
        self._enter(camera.number, watch)

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

    def _enter(self, number: int, watch: Watch) -> None:
        room = self._rooms.get(number)
        if room is None:
            room = self._rooms[number] = Room(number, self._loop.time)
            # First follow, then ask: what is sent for us to join must not come before we listen.
            self.follower.subscribe(number)
            self._demand_changed.set()
        room.join(watch)
        if not room.ring.fragments:
            # Perhaps the camera gives nothing: its reader tries again at once when it hears that somebody has come.
            self._ask_for_burst(number)

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
        room = self._rooms.get(number)
        if room is None or watch not in room.watches:
            return
        room.leave(watch)
        if not room.watches:
            room.close()
            del self._rooms[number]
            self._asked_at.pop(number, None)
            self._to_join.discard(number)
            self.follower.unsubscribe(number)
            self._demand_changed.set()

    def _say_subscribed(self, session: VideoSession, number: int) -> None:
        camera = self._by_number[number]
        state = self._board.state_of(camera.id)
        session.socket.write(wire.subscribed(camera.id, number, state.to_wire()))

    # --- what comes in

    def _on_message(self, message: bytes) -> None:
        """A message of a camera, from the bus."""
        try:
            fragment = unpack(message)
        except ValueError:
            self._garbled += 1
            return
        room = self._rooms.get(fragment.camera_number)
        if room is not None:
            room.relay(fragment)
            if room.has_hole:
                self._ask_for_burst(fragment.camera_number)

    def _ask_for_burst(self, number: int) -> None:
        """Ask for what is missing of a camera; not again within a second, the answer may be on its way."""
        now = self._loop.time()
        if now - self._asked_at.get(number, -inf) >= BURST_EVERY_S:
            self._asked_at[number] = now
            self._to_join.add(number)
            self._demand_changed.set()

    def _on_reconnect(self) -> None:
        for number, room in self._rooms.items():
            room.lost()
            self._to_join.add(number)
        self._demand_changed.set()

    def _on_states(self, changed: Mapping[str, CameraState]) -> None:
        for camera_id, state in changed.items():
            number = self._board.cameras[camera_id].number
            room = self._rooms.get(number)
            if room is not None:
                frame = wire.state(camera_id, number, state.to_wire())
                for watch in room.watches:
                    watch.socket.write(frame)

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
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self.follower.run(), name="follower")
                group.create_task(self._lease(), name="demand")
                group.create_task(self._sweep(), name="video sweep")
        finally:
            for room in self._rooms.values():
                room.close()

    async def _lease(self) -> None:
        while True:
            try:
                async with asyncio.timeout(DEMAND_EVERY_S):
                    await self._demand_changed.wait()
            except TimeoutError:
                pass
            self._demand_changed.clear()
            wanted = frozenset(self._rooms)
            demand = Demand(self._server_id, wanted, DEMAND_TTL_S, join=wanted & self._to_join)
            if await self._wakeups.publish(channels.DEMAND, demand.to_json()):
                self._to_join -= demand.join

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
            if self._garbled:
                logger.warning("messages on the bus that are no fragments: %d", self._garbled)
                self._garbled = 0

    def _look_after(self, session: VideoSession, now: float) -> None:
        if now - session.heard_at > wire.DEAD_AFTER_S:
            session.socket.close(CloseCode.NO_HEARTBEAT, "Nothing was heard for 25 s.")
            return
        if session.is_stalled(now):
            session.socket.close(CloseCode.TOO_SLOW, f"Nothing was read for {STALL_S:.0f} s.")
            return
        if not session.person.is_staff:
            self._check_permits(session)
