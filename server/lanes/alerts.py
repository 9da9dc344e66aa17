"""AlertLane: in order, kept, resumable, nothing lost, each entry once. The events sockets of this process and the log.

Each entry that the log follower tells is written to the sessions that it concerns (delivery.py). Who comes is told what
he missed, then lives on without a hole and without a double.
"""

import asyncio
from collections.abc import Callable, Container, Coroutine, Mapping
from functools import partial
from typing import Any

from server.core import wire
from server.core.audience import Audience
from server.core.camera_states import CameraState
from server.core.client_messages import (
    AskSnapshot,
    EventsMessage,
    GiveCommand,
    GivePosition,
    GiveReceipt,
    Heartbeat,
    Resume,
)
from server.core.entry import Entry
from server.core.hub import Hub
from server.core.people import Actor, Role
from server.core.planner import Planner
from server.core.positions import Position
from server.core.pushes import LIFETIME_MS, PushRecord
from server.core.receipts import ReceiptCommand, ReceiptResult
from server.core.session import Replay, opening
from server.core.tail import MAX_ENTRIES, Tail
from server.core.wire import CloseCode
from server.errors import LogUnavailable, PositionInvalid, ReceiptInvalid
from server.lanes import past
from server.lanes.cameras import CameraBoard
from server.lanes.commands import CommandDesk, CommandResult
from server.lanes.delivery import Delivery
from server.lanes.devices import DeviceBoard
from server.lanes.events_session import EventsSession
from server.lanes.heart import Heart
from server.lanes.log import LogFollower
from server.lanes.online import OnlineBoard
from server.lanes.positions import PositionBoard
from server.lanes.problems import ProblemBoard
from server.lanes.receipts import ReceiptDesk
from server.lanes.socket import Socket
from server.lanes.sums import SumsBoard
from server.store import log, pushes
from server.store.db import Database
from streams.bus.wakeups import Wakeups

DRAIN_TIMEOUT_S = 25.0
MAX_AT_ONCE_BYTES = 256 * 1024
"""Of the past; after so much we wait until it is read."""
REMEMBER_CHUNK = 500
OFFICERS = Audience(roles=frozenset({Role.OFFICER}))
NO_CAMERAS = wire.cameras({}, full=True)


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
        planner: Callable[[], Planner],
        now_ms: Callable[[], int],
    ) -> None:
        self.hub = Hub[EventsSession]()
        self.online = OnlineBoard(self.hub, wakeups, server_id=server_id)
        self.devices = DeviceBoard(self.hub, wakeups, server_id=server_id)
        self.positions = PositionBoard(db, self.hub, wakeups, server_id=server_id, now_ms=now_ms)
        self.problems = ProblemBoard(self.hub, now_ms=now_ms)
        self.receipts = ReceiptDesk(db, announce=follower.announce, now_ms=now_ms)
        self.commands = CommandDesk(db, planner=planner, announce=follower.announce, now_ms=now_ms)
        self.sums = SumsBoard(db, self.hub, now_ms=now_ms)
        self._db = db
        self._follower = follower
        self._board = board
        self._installation = installation
        self._build = build
        self._now_ms = now_ms
        self._loop = asyncio.get_running_loop()
        self._delivery = Delivery(
            self.hub,
            Tail(max(0, follower.position - MAX_ENTRIES)),
            now_ms=now_ms,
            on_push=self._on_push,
            on_sent=self._on_sent,
        )
        self._heart = Heart(self.hub, self._delivery, now_ms=now_ms)
        follower.listeners += [self._delivery.on_entry, self.sums.on_entry]
        board.listeners.append(self._on_states)

    async def remember(self) -> None:
        """Take in the end of the log as it was before the first entry comes.

        Raises:
            LogUnavailable: the database can't be used.
        """
        tail = self._delivery.tail
        last = self._follower.position
        while tail.position < last:
            read = partial(log.entries_after, position=tail.position, limit=REMEMBER_CHUNK)
            for entry in await self._db.read(read):
                if entry.position <= last:
                    self._delivery.remember(entry)
        now_ms = self._now_ms()
        for push in await self._db.read(partial(pushes.recent, since_ms=now_ms - LIFETIME_MS)):
            self._delivery.pushes.heard(push, now_ms)

    # --- sockets

    def open(self, actor: Actor, socket: Socket) -> EventsSession:
        """Greet a new connection; an older one of the same device is closed."""
        session = EventsSession(actor, socket, self._loop.time())
        older = self.hub.join(session)
        if older is not None:
            older.socket.close(CloseCode.REPLACED, "The same device opened a newer connection.")
        self.online.changed()
        self.devices.opened(session)
        self._heart.join(session)
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
            case GiveCommand():
                self._give_command(session, message)
            case GivePosition():
                self._take_position(session, message)
            case Heartbeat():
                pass
        return None

    def leave(self, session: EventsSession) -> None:
        """The connection is gone."""
        self.hub.leave(session)
        self._heart.leave(session)
        self._delivery.undelivered.left(session)
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
        if command.item == "alert":
            self._delivery.undelivered.delivered(session, command.item_id, command.revision)
        self.receipts.give(session.actor, command, answer)

    def _give_command(self, session: EventsSession, message: GiveCommand) -> None:
        def answer(result: CommandResult) -> None:
            session.socket.write(wire.text_frame(result.to_wire()))

        self.commands.give(session.actor, message.body, answer)

    def _take_position(self, session: EventsSession, message: GivePosition) -> None:
        try:
            self.positions.moved(session.person.id, Position.parse(message.body))
        except PositionInvalid as error:
            session.socket.write(wire.error(error.code, error.message))

    async def _begin(self, session: EventsSession, message: Resume | AskSnapshot) -> None:
        """Tell the past, and let live entries follow without a hole and without a double.

        What lies far back is told from the log, in pieces, as fast as it is read. The rest is in memory: it is told,
        and the session is made live, in one go in which no entry can come.
        """
        self.hub.rest(session)
        if isinstance(message, Resume) and message.position > self._follower.position:
            await self._follower.catch_up()  # another server may be a moment ahead of us
        answer = opening(message, installation=self._installation, head=self._follower.position)
        try:
            if isinstance(answer, Replay):
                session.socket.write(wire.replay(answer.first, answer.last))
                told = answer.first - 1
            else:
                told = await self._snapshot(session, answer.reason)
            while not await self._is_told(session, told):
                told = await self._tell_some(session, told)
        except LogUnavailable:
            session.socket.close(CloseCode.LOG_UNAVAILABLE, "The log can't be read now; come back in a moment.")
        except TimeoutError:
            session.socket.close(CloseCode.TOO_SLOW, "What you missed was not read; resume from your position.")

    async def _is_told(self, session: EventsSession, told: int) -> bool:
        """Tell the rest if it is in memory and not much; the session is live then."""
        tail = self._delivery.tail
        if told > self._follower.position:
            await self._follower.catch_up()  # a snapshot may be ahead of us
            if told > self._follower.position:
                raise LogUnavailable("What follows the snapshot can't be read.")
        if not tail.covers(told):
            return False
        self._delivery.flush()
        piece = tail.after(told, session.person, max_bytes=MAX_AT_ONCE_BYTES)
        if piece.position < tail.position:
            return False
        if piece.frames:
            session.socket.write(piece.frames)
        self.hub.go_live(session)
        session.permits.learn(self._delivery.pushes.of(session.person.id, self._now_ms()))
        self._tell_states(session, None)
        self.online.greet(session)
        self.positions.greet(session)
        self.sums.greet(session)
        self.problems.greet(session)
        return True

    async def _tell_some(self, session: EventsSession, told: int) -> int:
        """Tell a piece of what was missed and wait until it is read; the position up to which it goes."""
        tail = self._delivery.tail
        if tail.covers(told):
            piece = tail.after(told, session.person, max_bytes=MAX_AT_ONCE_BYTES)
            frames, position = piece.frames, piece.position
        else:
            last = self._follower.position
            now_ms = self._now_ms()
            read = partial(past.entries, person=session.person, after=told, last=last, now_ms=now_ms)
            chunk = await self._db.read(read)
            frames, position = chunk.frames, chunk.position
            assert position > told, "the log has no holes"
        await self._send_past(session, frames)
        return position

    async def _snapshot(self, session: EventsSession, reason: wire.SnapshotReason) -> int:
        """Tell everything there is; the position that it is as of."""
        read = partial(past.snapshot, person=session.person, reason=reason, now_ms=self._now_ms())
        chunk = await self._db.read(read)
        await self._send_past(session, chunk.frames)
        return chunk.position

    async def _send_past(self, session: EventsSession, frames: bytes) -> None:
        """Write a piece of the past and wait until it is read.

        Raises:
            TimeoutError: the session is gone or does not read.
        """
        session.socket.write(frames)
        is_read = await session.socket.drained(DRAIN_TIMEOUT_S)
        session.heard_at = self._loop.time()  # its own messages wait behind this
        if not is_read:
            raise TimeoutError

    # --- how things are now

    def _on_sent(self, entry: Entry, sessions: list[EventsSession]) -> None:
        """An entry was written to the sockets of these."""
        match entry.kind:
            case "receipts" | "probe":
                pass
            case item:
                present, named = entry.payload[item], entry.audience.people
                # The staff sees everything; receipts are given by those to whom something is sent.
                receivers = (one for one in sessions if not one.person.is_staff or one.person.id in named)
                devices = [(one.person.id, one.device) for one in receivers]
                self.receipts.note_sent(item, present["id"], present["revision"], devices)

    def _on_push(self, push: PushRecord) -> None:
        for session in self.hub.live_of(push.recipients):
            if session.permits.heard(push):
                # What he may not watch any more has to go from his list: only all of it anew can say that.
                states = None if push.is_recalled else self._states_of({camera.id for camera in push.cameras})
                self._tell_states(session, states)

    def _on_states(self, changed: Mapping[str, CameraState]) -> None:
        frame = wire.cameras({camera: state.to_wire() for camera, state in changed.items()}, full=False)
        for session in self.hub.staff():
            session.socket.write(frame)
        for session in self.hub.concerned(OFFICERS):
            if not session.permits.is_empty:
                self._tell_states(session, changed)

    def _states_of(self, cameras: Container[str]) -> dict[str, CameraState]:
        return {camera: state for camera, state in self._board.states().items() if camera in cameras}

    def _tell_states(self, session: EventsSession, states: Mapping[str, CameraState] | None) -> None:
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

    # --- what goes on

    async def run(self) -> None:
        """Write receipts, tell who is online, and look after sockets, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._heart.run(), name="heartbeat")
            group.create_task(self.commands.run(), name="commands")
            group.create_task(self.devices.run(), name="devices")
            group.create_task(self.online.run(), name="online")
            group.create_task(self.positions.run(), name="positions")
            group.create_task(self.receipts.run(), name="receipts")
            group.create_task(self.sums.run(), name="sums")
