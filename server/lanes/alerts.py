"""AlertLane: in order, kept, resumable, nothing lost, each entry once. The events sockets of this process and the log.

Each entry that the log follower tells is encoded once for each audience and written to the sessions that it concerns.
Who comes is told what he missed, then lives on without a hole and without a double.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from server.core import wire
from server.core.camera_states import CameraState
from server.core.client_messages import AskSnapshot, EventsMessage, GiveReceipt, Heartbeat, Resume
from server.core.entry import Entry
from server.core.hub import Hub
from server.core.outbox import Outbox
from server.core.people import Actor
from server.core.pushes import PushRecord
from server.core.receipts import ReceiptCommand, ReceiptResult
from server.core.session import Replay, opening
from server.core.wire import CloseCode
from server.errors import LogUnavailable, ReceiptInvalid
from server.lanes import past
from server.lanes.cameras import CameraBoard
from server.lanes.events_session import EventsSession
from server.lanes.log import LogFollower
from server.lanes.online import OnlineBoard
from server.lanes.positions import PositionBoard
from server.lanes.receipts import ReceiptDesk
from server.lanes.socket import Socket
from server.store import pushes
from server.store.db import Database
from streams.bus.wakeups import Wakeups

SWEEP_S = 1.0
DRAIN_TIMEOUT_S = 25.0


class AlertLane:
    def __init__(
        self,
        db: Database,
        follower: LogFollower,
        board: CameraBoard,
        wakeups: Wakeups,
        *,
        installation: str,
        server_id: str,
        build: str,
        now_ms: Callable[[], int],
    ) -> None:
        self.hub = Hub[EventsSession]()
        self.online = OnlineBoard(self.hub, wakeups, server_id=server_id)
        self.positions = PositionBoard(db, self.hub, wakeups, server_id=server_id, now_ms=now_ms)
        self.receipts = ReceiptDesk(db, announce=follower.announce, now_ms=now_ms)
        self._db = db
        self._follower = follower
        self._board = board
        self._installation = installation
        self._build = build
        self._now_ms = now_ms
        self._loop = asyncio.get_running_loop()
        follower.listeners.append(self._deliver)
        board.listeners.append(self._on_states)

    # --- entries

    def _deliver(self, entry: Entry) -> None:
        """Give the next entry to every session that it concerns; each audience's message is made once."""
        push = PushRecord.from_wire(entry.payload["push"]) if entry.kind == "push" else None
        whole = wire.entry(entry, entry.payload)
        for session in self.hub:
            payload = entry.payload_for(session.person)
            frame = None if payload is None else whole if payload is entry.payload else wire.entry(entry, payload)
            self._hand(session, entry.position, frame)
            if push is not None and session.permits.heard(push) and session.is_live:
                # What he may not watch any more has to go from his list: only all of it anew can say that.
                self._tell_states(session, None if push.is_recalled else {camera.id for camera in push.cameras})

    def _hand(self, session: EventsSession, position: int, frame: bytes | None) -> None:
        outbox = session.outbox
        if outbox is None:
            return
        ready = outbox.offer(position, frame)
        if ready is not None:
            session.socket.write(ready)
        if outbox.is_full(session.socket.pending_bytes()):
            session.socket.close(CloseCode.TOO_SLOW, "Too much waits to be read; resume from your position.")

    # --- sockets

    def open(self, actor: Actor, socket: Socket) -> EventsSession:
        """Greet a new connection; an older one of the same device is closed."""
        session = EventsSession(actor, socket, self._loop.time())
        older = self.hub.join(session)
        if older is not None:
            older.socket.close(CloseCode.REPLACED, "The same device opened a newer connection.")
        self.online.changed()
        socket.write(
            wire.hello(
                session.person.to_wire(device=session.device),
                installation=self._installation,
                position=self._follower.position,
                build=self._build,
                now_ms=self._now_ms(),
            )
        )
        return session

    def receive(self, session: EventsSession, message: EventsMessage) -> Coroutine[Any, Any, None] | None:
        """Do what a client asks for; what takes longer is returned to be done."""
        session.heard_at = self._loop.time()
        match message:
            case GiveReceipt():
                self._give_receipt(session, message)
            case Resume() | AskSnapshot():
                return self._begin(session, message)
            case Heartbeat():
                pass
        return None

    def leave(self, session: EventsSession) -> None:
        """The connection is gone."""
        self.hub.leave(session)
        self.online.changed()

    def close_all(self) -> None:
        """The server stops: say so to everybody."""
        for session in self.hub:
            session.socket.close(CloseCode.GOING_AWAY, "The server stops.")

    def _give_receipt(self, session: EventsSession, message: GiveReceipt) -> None:
        def answer(result: ReceiptResult) -> None:
            session.socket.write(wire.receipt_result(result))

        try:
            command = ReceiptCommand.parse(message.body)
        except ReceiptInvalid as error:
            answer(ReceiptResult(message.id, None, error))
            return
        self.receipts.give(session.actor, command, answer)

    async def _begin(self, session: EventsSession, message: Resume | AskSnapshot) -> None:
        """Tell the past, and let live entries follow without a hole and without a double.

        From the moment its outbox is made, live entries wait in it; everything up to then is told from the log.
        Then what waits is let go.
        """
        if isinstance(message, Resume) and message.position > self._follower.position:
            await self._follower.catch_up()  # another server may be a moment ahead of us
        answer = opening(message, installation=self._installation, head=self._follower.position)
        outbox = session.outbox = Outbox(self._follower.position)
        try:
            if isinstance(answer, Replay):
                told = answer.last if await self._replay(session, answer) else None
            else:
                told = await self._snapshot(session, answer.reason)
            if not session.person.is_staff:
                read = partial(pushes.live_for, person_id=session.person.id, now_ms=self._now_ms())
                session.permits.learn(await self._db.read(read))
        except LogUnavailable:
            session.socket.close(CloseCode.LOG_UNAVAILABLE, "The log can't be read now; come back in a moment.")
            return
        if told is None:
            session.socket.close(CloseCode.TOO_SLOW, "What you missed was not read; resume from your position.")
            return
        for frame in outbox.release(told):
            session.socket.write(frame)
        self._tell_states(session, None)
        self.online.greet(session)
        self.positions.greet(session)

    async def _replay(self, session: EventsSession, replay: Replay) -> bool:
        session.socket.write(wire.replay(replay.first, replay.last))
        told = replay.first - 1
        while told < replay.last:
            chunk = await self._db.read(partial(past.entries, person=session.person, after=told, last=replay.last))
            assert chunk.position > told, "the log has no holes"
            told = chunk.position
            if not await self._send_past(session, chunk.frames):
                return False
        return True

    async def _snapshot(self, session: EventsSession, reason: wire.SnapshotReason) -> int | None:
        """Tell everything there is; the position that it is as of, None when it was not read."""
        read = partial(past.snapshot, person=session.person, reason=reason, now_ms=self._now_ms())
        chunk = await self._db.read(read)
        return chunk.position if await self._send_past(session, chunk.frames) else None

    async def _send_past(self, session: EventsSession, frames: bytes) -> bool:
        """Write a piece of the past and wait until it is read; False when the session is gone or does not read."""
        session.socket.write(frames)
        is_read = await session.socket.drained(DRAIN_TIMEOUT_S)
        session.heard_at = self._loop.time()  # its own messages wait behind this
        return is_read

    # --- how things are now

    def _on_states(self, changed: Mapping[str, CameraState]) -> None:
        frame = wire.cameras({camera: state.to_wire() for camera, state in changed.items()}, full=False)
        for session in self.hub:
            if not session.is_live:
                continue
            if session.person.is_staff:
                session.socket.write(frame)
            else:
                self._tell_states(session, set(changed))

    def _tell_states(self, session: EventsSession, cameras: set[str] | None) -> None:
        """Tell the states of those of ``cameras`` that the person may watch; None: of all, replacing what he knows."""
        now_ms = self._now_ms()
        states = {
            camera: state.to_wire()
            for camera, state in self._board.states().items()
            if (cameras is None or camera in cameras) and session.permits.may_watch(camera, now_ms)
        }
        if states or cameras is None:
            session.socket.write(wire.cameras(states, full=cameras is None))

    # --- what goes on

    async def run(self) -> None:
        """Write receipts, tell who is online, and look after sockets, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._beat(), name="heartbeat")
            group.create_task(self.online.run(), name="online")
            group.create_task(self.positions.run(), name="positions")
            group.create_task(self.receipts.run(), name="receipts")

    async def _beat(self) -> None:
        ticked_at = self._loop.time()
        while True:
            await asyncio.sleep(SWEEP_S)
            now = self._loop.time()
            for session in self.hub:
                if session.is_dead(now):
                    session.socket.close(CloseCode.NO_HEARTBEAT, "Nothing was heard for 25 s.")
            if now - ticked_at >= wire.HEARTBEAT_S:
                ticked_at = now
                tick = wire.tick(self._follower.position, self._now_ms())
                for session in self.hub:
                    if session.is_live:
                        session.socket.write(tick)
