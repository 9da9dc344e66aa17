"""Events: what happens, as an async iterator; nothing is missed and nothing comes twice across reconnections.

async with Client(address, token) as client, Events(client, position_file=file) as events:
    async for event in events:
        match event:
            case Entry(kind="alert", content=alert): ...
"""

import asyncio
import time
import uuid
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from clients.cli import position
from clients.cli.client import Client
from clients.cli.errors import NotUnderstood
from clients.cli.line import Json, Line, Lost, Opened
from clients.cli.position import Position

MAX_RECEIPTS_WAITING = 1000
_SAID = frozenset({"acknowledged", "declined"})
"""By a person; a device says everything else by itself."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that is kept. ``content``: an alert, push or bulletin, whole; for receipts a list of them.

    Of a bulletin that has ended there is only what is left (``state``): whoever has more must forget it, also when its
    ``expires_ms`` has passed and nobody said so.
    """

    position: int
    at_ms: int
    kind: str
    content: Any
    message: Json
    """The message as it came (docs/wire.md §5.2)."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything as it is; replaces what was known before."""

    position: int
    reason: str
    alerts: list[Json]
    pushes: list[Json]
    bulletins: list[Json]
    """Active ones only."""
    receipts: list[Json]
    message: Json


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that is not kept: ``cameras``, ``online``, ``receipt`` and ``reported`` (answers), ``error``, or a type
    new to us."""

    type: str
    message: Json


Event = Opened | Lost | Snapshot | Entry | Notice


class Events:
    """Iterates for ever, or until an error of ``Line.next``.

    An event counts as dealt with when the next one is asked for; the position file is written then. So after a crash
    the last event may come again, and none is left out.
    """

    def __init__(self, client: Client, *, resume: Position | None = None, position_file: Path | None = None) -> None:
        """Without ``resume`` and without a kept position it begins with a snapshot."""
        self._resume = resume
        self._file = position_file
        self._saved = resume
        self._waiting: dict[str | int, Json] = {}
        """By the id of a receipt, the number of a report."""
        self._number = 0
        self._installation = ""
        self._behind_ms = 0
        """How far our clock is behind the server's."""
        self._line = Line(client.address, client.token, "/ws/events", heartbeat=self._heartbeat)

    async def __aenter__(self) -> Self:
        if self._file is not None and self._resume is None:
            self._resume = self._saved = await asyncio.to_thread(position.load, self._file)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._line.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        await self._keep_position()
        while True:
            received = await self._line.next()
            match received:
                case Opened(hello):
                    await self._greet(hello)
                    return received
                case Lost():
                    return received
                case bytes():
                    raise NotUnderstood("The server sent a binary message where text is due.")
                case dict():
                    event = self._read(received)
                    if event is not None:
                        return event

    @property
    def position(self) -> Position | None:
        """Up to here everything has been given out."""
        return self._resume

    async def report(self, item: str, item_id: str, revision: int, stage: str) -> None:
        """Send a receipt; again after a reconnection, until its answer has come. That is a ``Notice`` of type
        ``receipt`` about what a person says, else of type ``reported``, which comes with the next tick.

        The oldest waiting one is given up when more than ``MAX_RECEIPTS_WAITING`` wait.
        """
        line: Json = {"item": item, "item_id": item_id, "revision": revision, "stage": stage}
        line |= {"at_ms": time.time_ns() // 1_000_000}
        key: str | int
        if stage in _SAID:
            key = str(uuid.uuid4())
            message: Json = {"type": "receipt", "id": key, **line}
        else:
            key = self._number = self._number + 1
            message = {"type": "report", "number": key, "receipts": [line]}
        while len(self._waiting) >= MAX_RECEIPTS_WAITING:
            self._waiting.pop(next(iter(self._waiting)))
        self._waiting[key] = message
        await self._line.send(message)

    def _heartbeat(self) -> Json:
        return {"type": "heartbeat", "position": self._resume.number if self._resume else 0}

    async def _keep_position(self) -> None:
        if self._file is not None and self._resume is not None and self._resume != self._saved:
            await asyncio.to_thread(position.save, self._file, self._resume)
            self._saved = self._resume

    async def _greet(self, hello: Json) -> None:
        self._installation = str(hello.get("installation", ""))
        if isinstance(server_ms := hello.get("server_time_ms"), int):
            self._behind_ms = server_ms - time.time_ns() // 1_000_000
        if self._resume is None:
            await self._line.send({"type": "snapshot"})
        else:
            resume = {"installation": self._resume.installation, "position": self._resume.number}
            await self._line.send({"type": "resume"} | resume)
        for waiting in list(self._waiting.values()):
            await self._line.send(waiting)

    def _read(self, message: Json) -> Event | None:
        try:
            match message.get("type"):
                case "entry":
                    return self._entry(message)
                case "snapshot":
                    number = int(message["position"])
                    self._resume = Position(self._installation, number)
                    now_ms = time.time_ns() // 1_000_000 + self._behind_ms
                    # A server of the first release has none.
                    active = [one for one in message.get("bulletins", []) if one["expires_ms"] > now_ms]
                    message = message | {"bulletins": active}
                    lists = (message["alerts"], message["pushes"], active, message["receipts"])
                    return Snapshot(number, str(message.get("reason", "")), *lists, message)
                case "tick":
                    # Entries up to here that are no concern of ours were left out.
                    self._advance(int(message["position"]))
                    return None
                case "replay":
                    return None
                case "receipt":
                    self._waiting.pop(str(message.get("id")), None)
                    return Notice("receipt", message)
                case "reported":
                    self._waiting.pop(int(message["number"]), None)
                    return Notice("reported", message)
                case other:
                    return Notice(str(other), message)
        except (KeyError, TypeError, ValueError) as error:
            raise NotUnderstood(
                f"The server sent {str(message)[:200]}, not as the protocol has it: {error!r}."
            ) from error

    def _entry(self, message: Json) -> Entry | None:
        number, kind = int(message["position"]), str(message["kind"])
        if self._resume is not None and self._resume.number >= number:
            return None
        self._advance(number)
        return Entry(number, int(message["at_ms"]), kind, message.get(kind), message)

    def _advance(self, number: int) -> None:
        if self._resume is None or self._resume.number < number:
            self._resume = Position(self._installation, number)
