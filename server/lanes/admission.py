"""Admission: every open socket belongs to a session that is still good.

Who signs out or is disabled is out within 5 s, wherever he is connected.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from server.auth.sessions import TOUCH_MS, Sessions, is_over
from server.core.wire import CloseCode
from server.errors import LogUnavailable
from server.lanes.socket import Socket
from server.store.db import Database
from server.store.sessions import Session, find_all

logger = logging.getLogger(__name__)

CHECK_EVERY_S = 3.0


@dataclass(frozen=True, slots=True, eq=False)
class Ticket:
    """One open socket of a session."""

    session: Session
    socket: Socket


class Admission:
    def __init__(self, db: Database, sessions: Sessions, *, now_ms: Callable[[], int]) -> None:
        self._db = db
        self._sessions = sessions
        self._now_ms = now_ms
        self._tickets: set[Ticket] = set()
        self._tasks = asyncio.TaskGroup()
        self.empty = asyncio.Event()
        """Set while no socket is open."""
        self.empty.set()

    def enter(self, session: Session, socket: Socket) -> Ticket:
        """Note an open socket; give the ticket back with ``leave``."""
        ticket = Ticket(session, socket)
        self._tickets.add(ticket)
        self.empty.clear()
        return ticket

    def leave(self, ticket: Ticket) -> None:
        self._tickets.discard(ticket)
        if not self._tickets:
            self.empty.set()

    def ended(self, session_id: str) -> None:
        """A session has ended: so do its sockets, at once."""
        for ticket in self._tickets:
            if ticket.session.id == session_id:
                ticket.socket.close(CloseCode.SESSION_ENDED, "The session has ended; sign in.")

    def start(self, work: Coroutine[Any, Any, None]) -> "asyncio.Task[Exception | None]":
        """Do what takes time for one of the sockets; the result is what it raised."""
        return self._tasks.create_task(_outcome(work))

    async def run(self) -> None:
        """Ask the log every few seconds which sessions are still good, until cancelled."""
        async with self._tasks:
            await self._watch()

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(CHECK_EVERY_S)
            try:
                await self._check()
            except LogUnavailable:
                # Nobody is thrown out because the database is away: nothing new can be seen or done meanwhile.
                logger.debug("sessions not checked")

    async def _check(self) -> None:
        ids = {ticket.session.id for ticket in self._tickets}
        if not ids:
            return

        found = await self._db.read(partial(find_all, session_ids=ids))
        now_ms = self._now_ms()
        for session_id in ids:
            session = found.get(session_id)
            if session is None or is_over(session, now_ms):
                self.ended(session_id)
            elif now_ms - session.last_seen_ms >= TOUCH_MS:
                await self._sessions.still(session)


async def _outcome(work: Coroutine[Any, Any, None]) -> Exception | None:
    try:
        await work
    except Exception as error:  # what fails for one socket must not end the work for the others
        return error
    return None
