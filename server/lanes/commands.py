"""CommandDesk: takes what people order about alerts, in the order in which it comes."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection

from server.core.body import text
from server.core.commands import AlertCommand
from server.core.entry import Entry
from server.core.people import Actor
from server.core.planner import Planner
from server.errors import LogUnavailable, RequestInvalid, ServerError
from server.store import commands
from server.store.commands import Commanded
from server.store.db import Database

MAX_WAITING = 5_000


@dataclass(frozen=True, slots=True)
class CommandResult:
    """The answer to one command: the alert as it left it, or an error."""

    id: str
    alert: Mapping[str, Any] | None
    error: ServerError | None = None

    def to_wire(self) -> dict[str, Any]:
        """docs/wire.md §5.2."""
        if self.error:
            return {"type": "command", "id": self.id, "ok": False, **self.error.to_wire()}
        return {"type": "command", "id": self.id, "ok": True, "alert": self.alert}


OnResult = Callable[[CommandResult], None]


@dataclass(frozen=True, slots=True)
class _Waiting:
    actor: Actor
    body: Mapping[str, Any]
    on_result: OnResult


class CommandDesk:
    def __init__(
        self,
        db: Database,
        *,
        planner: Callable[[], Planner],
        announce: Callable[[Entry | None], None],
        now_ms: Callable[[], int],
    ) -> None:
        self._db = db
        self._planner = planner
        self._announce = announce
        self._now_ms = now_ms
        self._waiting: deque[_Waiting] = deque()
        self._some = asyncio.Event()

    async def do(self, actor: Actor, alert_id: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Commit one command, tell it, and return the alert as it left it.

        Raises:
            RequestInvalid: it can't be understood.
            AuthForbidden, AlertUnknown, Conflict: see ``store.commands.give``.
            LogUnavailable: nothing was stored.
        """
        command = AlertCommand.parse(body)
        give = partial(
            commands.give,
            alert_id=alert_id,
            command=command,
            actor=actor,
            planner=self._planner(),
            now_ms=self._now_ms(),
        )

        def work(conn: Connection) -> Commanded | ServerError:
            # A refusal comes before anything is written: as a value it does not undo those that share the commit.
            try:
                return give(conn)
            except ServerError as error:
                return error

        outcome = await self._db.write(work)
        if isinstance(outcome, ServerError):
            raise outcome
        for entry in outcome.entries:
            self._announce(entry)
        return outcome.alert

    def give(self, actor: Actor, body: Mapping[str, Any], on_result: OnResult) -> None:
        """Take the ``command`` of a socket (docs/wire.md §5.4); ``on_result`` is called on the loop once it is
        committed or refused."""
        if len(self._waiting) >= MAX_WAITING:
            error = LogUnavailable(f"{MAX_WAITING} commands wait already. Try again with the same id.")
            on_result(CommandResult(str(body.get("id")), None, error))
            return
        self._waiting.append(_Waiting(actor, body, on_result))
        self._some.set()

    async def run(self) -> None:
        """Do what waits, until cancelled; those that wait together share a commit."""
        while True:
            await self._some.wait()
            self._some.clear()
            async with asyncio.TaskGroup() as group:
                while self._waiting:
                    group.create_task(self._answer(self._waiting.popleft()))

    async def _answer(self, waiting: _Waiting) -> None:
        command_id = str(waiting.body.get("id"))
        try:
            if waiting.body.get("item") != "alert":
                raise RequestInvalid("'item' must be alert.", path="item")
            alert_id = text(waiting.body, "item_id", max_characters=64)
            alert = await self.do(waiting.actor, alert_id, waiting.body)
        except ServerError as error:
            waiting.on_result(CommandResult(command_id, None, error))
        else:
            waiting.on_result(CommandResult(command_id, alert))
