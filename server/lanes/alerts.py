"""AlertLane: in order, kept, resumable, nothing lost, each entry once. The events sockets of this process and the log.

Each entry that the log follower tells is written to the sessions that it concerns (delivery.py). Who comes is told what
he missed (opening.py), then lives on without a hole and without a double.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from server.core import wire
from server.core.client_messages import (
    AskSnapshot,
    EventsMessage,
    GiveCommand,
    GivePosition,
    GiveReceipt,
    GiveReport,
    Heartbeat,
    Resume,
)
from server.core.entry import Entry
from server.core.hub import Hub
from server.core.people import Actor
from server.core.planner import Planner
from server.core.positions import Position
from server.core.receipts import ReceiptCommand, ReceiptResult
from server.core.reports import Report, Reported
from server.core.tail import MAX_ENTRIES, Tail
from server.core.wire import CloseCode
from server.errors import PositionInvalid, ReceiptInvalid
from server.lanes.camera_list import CameraList
from server.lanes.cameras import CameraBoard
from server.lanes.commands import CommandDesk, CommandResult
from server.lanes.delivery import Delivery
from server.lanes.devices import DeviceBoard
from server.lanes.events_session import EventsSession
from server.lanes.heart import Heart
from server.lanes.log import LogFollower
from server.lanes.online import OnlineBoard
from server.lanes.opening import Opening
from server.lanes.positions import PositionBoard
from server.lanes.problems import ProblemBoard
from server.lanes.receipts import OnResults, ReceiptDesk
from server.lanes.socket import Socket
from server.lanes.sums import SumsBoard
from server.store.db import Database
from streams.bus.wakeups import Wakeups

MAX_HELD_BYTES = 1024
"""Of answers to reports, which else go with the tick."""


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
        self._follower = follower
        self._installation = installation
        self._build = build
        self._now_ms = now_ms
        self._loop = asyncio.get_running_loop()
        self._cameras = CameraList(board, self.hub, now_ms=now_ms)
        self._delivery = Delivery(
            self.hub,
            Tail(max(0, follower.position - MAX_ENTRIES)),
            now_ms=now_ms,
            on_push=self._cameras.on_push,
            on_sent=self._on_sent,
        )
        self._opening = Opening(
            db,
            self.hub,
            follower,
            self._delivery,
            installation=installation,
            now_ms=now_ms,
            on_live=self._greet,
        )
        self._heart = Heart(self.hub, self._delivery, now_ms=now_ms)
        follower.listeners += [self._delivery.on_entry, self.sums.on_entry]

    async def remember(self) -> None:
        """Take in the end of the log as it was before the first entry comes.

        Raises:
            LogUnavailable: the database can't be used.
        """
        await self._opening.remember()

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
            case GiveReport():
                self._give_report(session, message)
            case GiveReceipt():
                self._give_receipt(session, message)
            case Resume() | AskSnapshot():
                return self._opening.begin(session, message)
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
        self._delivery.left(session)
        self.online.changed()

    def close_all(self) -> None:
        """The server stops: say so to everybody."""
        for session in self.hub:
            session.socket.close(CloseCode.GOING_AWAY, "The server stops.")

    def _give_report(self, session: EventsSession, message: GiveReport) -> None:
        try:
            report = Report.parse(message.number, message.body)
        except ReceiptInvalid as error:
            session.socket.write(wire.reported(Reported(message.number, error=error)))
            return

        def answered(results: Sequence[ReceiptResult]) -> None:
            answer = report.answered([result.error for result in results])
            session.answers += wire.reported(answer)
            if not answer.is_whole or len(session.answers) > MAX_HELD_BYTES:
                session.socket.write(session.answers)
                session.answers = b""

        self._give(session, report.commands, answered)

    def _give_receipt(self, session: EventsSession, message: GiveReceipt) -> None:
        def answer(results: Sequence[ReceiptResult]) -> None:
            session.socket.write(wire.receipt_result(results[0]))

        try:
            command = ReceiptCommand.parse(message.body)
        except ReceiptInvalid as error:
            answer([ReceiptResult(message.id, None, error)])
            return
        self._give(session, [command], answer)

    def _give(self, session: EventsSession, commands: Sequence[ReceiptCommand], answer: OnResults) -> None:
        for command in commands:
            if command.item == "alert":
                self._delivery.undelivered.delivered(session, command.item_id, command.revision)
        self.receipts.give(session.actor, commands, answer)

    def _give_command(self, session: EventsSession, message: GiveCommand) -> None:
        def answer(result: CommandResult) -> None:
            session.socket.write(wire.text_frame(result.to_wire()))

        self.commands.give(session.actor, message.body, answer)

    def _take_position(self, session: EventsSession, message: GivePosition) -> None:
        try:
            self.positions.moved(session.person.id, Position.parse(message.body))
        except PositionInvalid as error:
            session.socket.write(wire.error(error.code, error.message))

    # --- what follows

    def _greet(self, session: EventsSession) -> None:
        """Tell how things are now: this is not kept in the log."""
        self._cameras.greet(session)
        for board in (self.online, self.positions, self.sums, self.problems):
            board.greet(session)

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
