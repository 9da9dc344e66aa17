"""Opening: what a client that comes is told before live entries follow, without a hole and without a double.

What lies far back is told from the log, in pieces, as fast as it is read. The rest is in memory: it is told, and the
session is made live, in one go in which no entry can come.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from server.core import wire
from server.core.client_messages import AskSnapshot, Resume
from server.core.hub import Hub
from server.core.pushes import LIFETIME_MS
from server.core.session import Replay, opening
from server.core.wire import CloseCode
from server.errors import LogUnavailable
from server.lanes import past
from server.lanes.delivery import Delivery
from server.lanes.events_session import EventsSession
from server.lanes.log import LogFollower
from server.store import log, pushes
from server.store.db import Database

DRAIN_TIMEOUT_S = 25.0
MAX_AT_ONCE_BYTES = 256 * 1024
"""Of the past; after so much we wait until it is read."""
REMEMBER_CHUNK = 500


class Opening:
    def __init__(
        self,
        db: Database,
        hub: Hub[EventsSession],
        follower: LogFollower,
        delivery: Delivery,
        *,
        installation: str,
        now_ms: Callable[[], int],
        on_live: Callable[[EventsSession], None],
    ) -> None:
        """
        Args:
            on_live: called when a session has been told everything, to tell it how things are now.
        """
        self._db = db
        self._hub = hub
        self._follower = follower
        self._delivery = delivery
        self._installation = installation
        self._now_ms = now_ms
        self._on_live = on_live
        self._loop = asyncio.get_running_loop()

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

    async def begin(self, session: EventsSession, message: Resume | AskSnapshot) -> None:
        """Tell the past, and let live entries follow."""
        self._hub.rest(session)
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
        piece = tail.after(told, session.person, max_bytes=MAX_AT_ONCE_BYTES, now_ms=self._now_ms())
        if piece.position < tail.position:
            return False
        if piece.frames:
            session.socket.write(piece.frames)
        self._hub.go_live(session)
        session.permits.learn(self._delivery.pushes.of(session.person.id, self._now_ms()))
        self._on_live(session)
        return True

    async def _tell_some(self, session: EventsSession, told: int) -> int:
        """Tell a piece of what was missed and wait until it is read; the position up to which it goes."""
        tail = self._delivery.tail
        if tail.covers(told):
            piece = tail.after(told, session.person, max_bytes=MAX_AT_ONCE_BYTES, now_ms=self._now_ms())
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
