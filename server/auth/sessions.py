"""Sessions: signing in, staying signed in, signing out.

A token is 256 random bits and means nothing; the database holds its SHA-256 only. It is good for 12 hours, or until it
was not used for 8.
"""

import asyncio
import hashlib
import logging
import secrets
import time
from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from server.auth.passwords import Passwords
from server.auth.throttle import MEMORY_MS, refused_until_ms
from server.core.people import Actor, Person, SignIn
from server.errors import AuthRequired, AuthThrottled, AuthWrong, LogUnavailable
from server.store import audit, failures, people, sessions, subscriptions
from server.store.db import Database
from server.store.sessions import Session

logger = logging.getLogger(__name__)

LIFETIME_MS = 12 * 3600 * 1000
IDLE_MS = 8 * 3600 * 1000
TOUCH_MS = 60 * 1000
"""How far behind the time of the last use may be: a write for every request would be too many."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    token: str = field(repr=False)
    """To be given to the client, and kept nowhere."""
    session: Session


@dataclass(frozen=True, slots=True)
class _Attempt:
    person: Person | None
    password_hash: str
    refused_until_ms: int | None


def now_ms() -> int:
    """Wall clock, milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class _Batch:
    """Sessions that are looked up together."""

    __slots__ = ("done", "error", "found", "ids")

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.done = asyncio.Event()
        self.found: dict[str, Session] | None = None
        """None after ``done``: nobody has looked, the one who should have was cancelled."""
        self.error: LogUnavailable | None = None


class Sessions:
    """Whoever has a request with a token asks here who that is.

    When thousands come at once, as when another server has died, those who come while one question is with the
    database are in the next one together.
    """

    def __init__(self, db: Database, passwords: Passwords, *, clock: Callable[[], int] = now_ms) -> None:
        self._db = db
        self._passwords = passwords
        self._clock = clock
        self._turn = asyncio.Lock()
        self._next: _Batch | None = None
        """Those who wait for their turn."""

    async def sign_in(self, wanted: SignIn, *, address: str) -> SignedIn:
        """Open a session; on success and on failure there is an audit entry.

        Every attempt counts as a failure until the password has been found right, so many at once don't get around the
        throttle, and neither does a restart. An unknown user name takes as long as a wrong password and is throttled
        like one.

        Raises:
            AuthWrong: user name or password.
            AuthThrottled: too many failures, or too many others sign in at this moment.
            LogUnavailable: the database can't be used.
        """
        if self._passwords.is_busy:
            raise AuthThrottled("Too many sign in at this moment. Try again.", retry_after_s=2)
        username, at_ms = wanted.username, self._clock()
        # Without a write: whoever keeps trying while he is refused must not keep the writer busy.
        self._refuse(await self._db.read(lambda conn: _refused_until_ms(conn, username, at_ms)), at_ms)
        attempt = await self._db.write(lambda conn: _begin(conn, username, at_ms))
        self._refuse(attempt.refused_until_ms, at_ms)
        fits = await self._passwords.verify(attempt.password_hash, wanted.password)
        person = attempt.person
        if person is None or not fits:
            actor = Actor(person, wanted.device, address)
            await self._db.write(lambda conn: _keep_failure(conn, username, actor, self._clock()))
            raise AuthWrong("User name or password are wrong.")
        opened_ms = self._clock()
        token = secrets.token_urlsafe(32)
        device = wanted.device or f"{person.role}-{secrets.token_hex(4)}"
        session = Session(_id_of(token), person, device, opened_ms, opened_ms, opened_ms + LIFETIME_MS)
        await self._db.write(lambda conn: _open(conn, username, session, address))
        return SignedIn(token, session)

    async def find(self, token: str) -> Session:
        """Whose token this is; that counts as a use of it.

        Raises:
            AuthRequired: no session has it, or the session has ended.
            LogUnavailable: the database can't be read.
        """
        session = await self._look_up(_id_of(token))
        at_ms = self._clock()
        if session is None or is_over(session, at_ms):
            raise AuthRequired("There is no such session, or it has ended. Sign in.")
        return session if at_ms - session.last_seen_ms < TOUCH_MS else replace(session, last_seen_ms=at_ms)

    async def living(self) -> AbstractSet[str]:
        """The ids of all sessions that nobody has ended, for connections that stay open; some may be over by time.

        Raises:
            LogUnavailable: the database can't be read.
        """
        return await self._db.read(sessions.living)

    async def touch(self, session_ids: Collection[str]) -> None:
        """Note that they are used; when that is not possible now, only the log of the program says so."""
        at_ms = self._clock()
        try:
            await self._db.write(lambda conn: sessions.touch(conn, session_ids, at_ms))
        except LogUnavailable:
            # Whoever only looks can go on while the disk is full.
            logger.warning("last use of a session was not noted")

    async def end(self, session: Session, *, address: str) -> None:
        """Sign out; a session that has ended stays ended.

        Raises:
            LogUnavailable: the database can't be used.
        """
        await self._db.write(lambda conn: _close(conn, session, address, self._clock()))

    async def _look_up(self, session_id: str) -> Session | None:
        while True:
            batch = self._next
            if batch is not None:
                batch.ids.add(session_id)
                await batch.done.wait()
            else:
                batch = self._next = _Batch()
                batch.ids.add(session_id)
                await self._ask(batch)
                await self._touch_late(batch.found or {})
            if batch.error is not None:
                raise batch.error
            if batch.found is not None:
                return batch.found.get(session_id)

    async def _ask(self, batch: _Batch) -> None:
        """Look up those who have come when it is our turn."""
        try:
            async with self._turn:
                self._next = None
                batch.found = await self._db.read(lambda conn: sessions.find_all(conn, batch.ids))
        except LogUnavailable as error:
            batch.error = error
        finally:
            if self._next is batch:
                self._next = None
            batch.done.set()

    async def _touch_late(self, found: Mapping[str, Session]) -> None:
        """Note the use of those whose last one was noted a while ago."""
        at_ms = self._clock()
        used = [
            each.id for each in found.values() if at_ms - each.last_seen_ms >= TOUCH_MS and not is_over(each, at_ms)
        ]
        if used:
            await self.touch(used)

    def _refuse(self, until_ms: int | None, at_ms: int) -> None:
        if until_ms is not None:
            retry_after_s = -(-(until_ms - at_ms) // 1000)
            minutes = -(-retry_after_s // 60)
            message = f"Too many wrong passwords. Try again in {minutes} minute{'s' if minutes > 1 else ''}."
            raise AuthThrottled(message, retry_after_s=retry_after_s)


def is_over(session: Session, at_ms: int) -> bool:
    """12 hours after sign-in, or after 8 without a use."""
    return at_ms >= session.ends_ms or at_ms - session.last_seen_ms >= IDLE_MS


def _id_of(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _refused_until_ms(conn: Connection, username: str, at_ms: int) -> int | None:
    return refused_until_ms(failures.times(conn, username, since_ms=at_ms - MEMORY_MS), at_ms)


def _begin(conn: Connection, username: str, at_ms: int) -> _Attempt:
    until_ms = _refused_until_ms(conn, username, at_ms)
    if until_ms is not None:
        return _Attempt(None, "", until_ms)
    failures.add(conn, username, at_ms)
    known = people.find_with_hash(conn, username)
    return _Attempt(*known, None) if known else _Attempt(None, "", None)


def _keep_failure(conn: Connection, username: str, actor: Actor, at_ms: int) -> None:
    # The user name itself stays out unless it is somebody's: it may be a password in the wrong field.
    subject = actor.person.id if actor.person else "unknown"
    audit.append(conn, actor, "session.refused", subject, now_ms=at_ms)
    until_ms = _refused_until_ms(conn, username, at_ms)
    if until_ms is not None:
        audit.append(conn, actor, "session.throttled", subject, {"until_ms": until_ms}, now_ms=at_ms)


def _open(conn: Connection, username: str, session: Session, address: str) -> None:
    failures.clear(conn, username)
    failures.forget(conn, before_ms=session.opened_ms - MEMORY_MS)
    sessions.forget_ended(conn, ended_before_ms=session.opened_ms, seen_before_ms=session.opened_ms - IDLE_MS)
    sessions.add(conn, session)
    audit.append(conn, session.actor(address), "session.opened", session.person.id, now_ms=session.opened_ms)


def _close(conn: Connection, session: Session, address: str, at_ms: int) -> None:
    if sessions.find(conn, session.id) is None:
        return
    sessions.end(conn, session.id)
    subscriptions.remove_of_device(conn, person_id=session.person.id, device=session.device)
    audit.append(conn, session.actor(address), "session.closed", session.person.id, now_ms=at_ms)
