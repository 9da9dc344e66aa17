"""Admission: every open socket belongs to a session that is still good.

Who signs out or is disabled is out within 5 s, wherever he is connected.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from server.auth.sessions import TOUCH_MS, Sessions
from server.core.wire import CloseCode
from server.errors import LogUnavailable
from server.lanes.socket import Socket
from server.store.sessions import Session

logger = logging.getLogger(__name__)

CHECK_EVERY_S = 3.0


@dataclass(slots=True, eq=False)
class Ticket:
    """One open socket of a session."""

    session: Session
    socket: Socket
    touched_ms: int
    """When it was noted last that the session is used."""


class Admission:
    def __init__(self, sessions: Sessions, *, now_ms: Callable[[], int]) -> None:
        self._sessions = sessions
        self._now_ms = now_ms
        self._tickets: set[Ticket] = set()
        self._tasks = asyncio.TaskGroup()
        self.empty = asyncio.Event()
        """Set while no socket is open."""
        self.empty.set()

    def enter(self, session: Session, socket: Socket) -> Ticket:
        """Note an open socket; give the ticket back with ``leave``."""
        ticket = Ticket(session, socket, session.last_seen_ms)
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
        if not self._tickets:
            return
        # Those who come while it is read are looked at the next time: their session may be newer than what is read.
        tickets = list(self._tickets)
        living = await self._sessions.living()
        now_ms = self._now_ms()
        used = []
        for ticket in tickets:
            session = ticket.session
            if session.id not in living or now_ms >= session.ends_ms:
                ticket.socket.close(CloseCode.SESSION_ENDED, "The session has ended; sign in.")
            elif now_ms - ticket.touched_ms >= TOUCH_MS:
                # An open socket counts as a use.
                ticket.touched_ms = now_ms
                used.append(session.id)
        if used:
            await self._sessions.touch(used)


async def _outcome(work: Coroutine[Any, Any, None]) -> Exception | None:
    try:
        await work
    except Exception as error:  # what fails for one socket must not end the work for the others
        return error
    return None
