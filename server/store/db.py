"""Database: one writer thread, a few readers, and one word for everything that can go wrong there.

Every write is a transaction that has the log for itself, so they can't run side by side; one thread that owns the
writing connection is the short way (docs/decisions/0002). Writes that wait while another commits share the next
commit; nobody gets an answer before it. When one of them raises, all are rolled back and each is run again alone,
which is rare and costs less than a savepoint for every one.

Bulk writes, of which there may be thousands at once and for none of which anybody waits, let the others go first: an
alert does not stand behind the receipts of the last one.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, ProgrammingError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from server.errors import LogUnavailable
from server.store import engines, migrations, pending

logger = logging.getLogger(__name__)

T = TypeVar("T")
Work = Callable[[Connection], T]

READERS = 4
MAX_WAITING = 2_000
"""Writes, and reads, that may wait; more are refused at once."""
MAX_GROUP = 64
"""Writes that share a commit."""
BULK_PAUSE_S = 2 * engines.ASK_EVERY_S
MAX_PASSED_OVER = 10
"""Commits that go before a bulk write that waits."""
TIMEOUT_S = 20.0
"""Longer than every timeout of the database itself; after it, the answer is that nobody knows."""


@dataclass(frozen=True, slots=True)
class _Write:
    work: Work[Any]
    answer: "asyncio.Future[Any]"


@dataclass(frozen=True, slots=True)
class _Outcome:
    write: _Write
    value: Any = None
    error: Exception | None = None


class Database:
    """SQLite in a file, or PostgreSQL; the same promises on both.

    Made by ``open``; used from one event loop.
    """

    def __init__(self, writer: Engine, reader: Engine) -> None:
        self._writer = writer
        self._reader = reader
        self._loop = asyncio.get_running_loop()
        self._writes: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        """None: one more of ``_bulk``, or the end when there is none."""
        self._bulk: queue.SimpleQueue[_Write] = queue.SimpleQueue()
        self._waiting = 0
        self._reading = 0
        self._failed = 0
        self._closed = False
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="log-reader")
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._thread.start()

    @classmethod
    async def open(cls, url: str) -> "Database":
        """Connect, and bring the tables up to date.

        Args:
            url: ``sqlite:////path`` (made when missing, readable by its owner only) or ``postgresql://user:password@host/name``.

        Raises:
            ConfigError: the URL can't be used, or a newer program wrote the database.
            LogUnavailable: the database can't be reached or written.
        """
        return cls(*await asyncio.to_thread(_open, url))

    async def write(self, work: Work[T], *, bulk: bool = False) -> T:
        """Run ``work`` in a transaction of its own and return what it returned, after the commit.

        ``work`` runs in the writer thread, holds up every other write, and may run a second time after its first
        transaction was rolled back: it must do nothing but use its connection. What it raises is raised here, and
        nothing of it is stored. Once it runs, cancelling the caller does not stop it.

        Args:
            bulk: it lets the others go first, for a while, and shares no commit; it should not take long itself.

        Raises:
            LogUnavailable: database or disk fail, 2,000 writes wait already, or no answer came for 20 s.
        """
        if self._closed or self._waiting >= MAX_WAITING:
            why = "The log is closed." if self._closed else f"{self._waiting} writes wait for the log already."
            raise LogUnavailable(f"{why} Nothing was stored; try again with the same id.")
        answer: asyncio.Future[T] = self._loop.create_future()
        self._waiting += 1
        try:
            if bulk:
                self._bulk.put(_Write(work, answer))
                self._writes.put(None)
            else:
                self._writes.put(_Write(work, answer))
            async with asyncio.timeout(TIMEOUT_S):
                return await answer
        except TimeoutError as error:
            raise LogUnavailable(
                f"The log gave no answer for {TIMEOUT_S:.0f} s. Try again with the same id."
            ) from error
        finally:
            self._waiting -= 1

    async def read(self, work: Work[T]) -> T:
        """Run ``work`` in a reader thread. All its statements see the same moment; it can't write.

        Raises:
            LogUnavailable: as for ``write``.
        """
        if self._closed or self._reading >= MAX_WAITING:
            raise LogUnavailable("The log is closed." if self._closed else "Too many wait to read the log. Try again.")
        self._reading += 1
        try:
            async with asyncio.timeout(TIMEOUT_S):
                return await self._loop.run_in_executor(self._readers, self._read, work)
        except TimeoutError as error:
            raise LogUnavailable(f"The log gave no answer for {TIMEOUT_S:.0f} s. Try again.") from error
        finally:
            self._reading -= 1

    async def close(self) -> None:
        """Finish the writes that wait, then disconnect."""
        if self._closed:
            return
        self._closed = True
        self._writes.put(None)
        await asyncio.to_thread(self._join)

    def _join(self) -> None:
        self._thread.join(TIMEOUT_S)
        self._readers.shutdown(wait=True, cancel_futures=True)
        self._reader.dispose()
        self._writer.dispose()

    # --- in a reader thread

    def _read(self, work: Work[T]) -> T:
        try:
            with self._reader.connect() as conn, conn.begin():
                return work(conn)
        except SQLAlchemyError as error:
            if _is_outage(error):
                raise _unavailable(error) from error
            raise

    # --- in the writer thread

    def _run(self) -> None:
        is_open, owed, passed_over = True, 0, 0
        while is_open or owed:
            group: list[_Write] = []
            # With nothing to do for now, wait; else see whether something has come that goes first.
            while len(group) < MAX_GROUP and not (self._writes.empty() and (group or owed or not is_open)):
                waiting = self._writes.get()
                if waiting is not None:
                    group.append(waiting)
                elif self._bulk.qsize() > owed:
                    owed += 1
                else:
                    is_open = False
            if owed and (not group or passed_over >= MAX_PASSED_OVER):
                owed, passed_over = owed - 1, 0
                self._do([self._bulk.get()])
                # For another process that waits for the log: SQLite has no queue for it.
                time.sleep(BULK_PAUSE_S)
            if group:
                passed_over += bool(owed)
                self._do(group)

    def _do(self, group: Sequence[_Write]) -> None:
        outcomes = self._commit(group)
        # The loop may be gone: nobody waits then.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(_settle, outcomes)

    def _commit(self, group: Sequence[_Write]) -> list[_Outcome]:
        wanted = [write for write in group if not write.answer.cancelled()]
        if not wanted:
            return []
        is_committing = False
        outcomes: list[_Outcome] = []
        try:
            with self._writer.connect() as conn, conn.begin():
                engines.take_turn(conn)
                outcomes = [_Outcome(write, write.work(conn)) for write in wanted]
                pending.flush(conn)
                is_committing = True
            self._say_recovered()
            return outcomes
        except Exception as error:
            # Before the commit nothing was stored. In it nobody can tell, and a second run could store them twice.
            if len(wanted) > 1 and not is_committing:
                return [outcome for write in wanted for outcome in self._commit([write])]
            if not _is_outage(error):
                return [_Outcome(write, error=error) for write in wanted]
            self._say_failed(error, len(wanted))
            return [_Outcome(write, error=_unavailable(error)) for write in wanted]

    def _say_failed(self, error: Exception, writes: int) -> None:
        """Once for an outage, however many writes it costs. The driver's own words hold no values of ours."""
        if not self._failed:
            logger.error("log can't be written: %s", error.orig if isinstance(error, DBAPIError) else error)
        self._failed += writes

    def _say_recovered(self) -> None:
        if self._failed:
            logger.warning("log can be written again: %d writes failed", self._failed)
            self._failed = 0


def _open(url: str) -> tuple[Engine, Engine]:
    writer = engines.writer(url)
    try:
        migrations.upgrade(writer)
        return writer, engines.reader(url, connections=READERS)
    except Exception as error:
        writer.dispose()
        if _is_outage(error):
            raise _unavailable(error) from error
        raise


def _settle(outcomes: Sequence[_Outcome]) -> None:
    for outcome in outcomes:
        if outcome.write.answer.done():
            continue
        if outcome.error is None:
            outcome.write.answer.set_result(outcome.value)
        else:
            outcome.write.answer.set_exception(outcome.error)


def _is_outage(error: Exception) -> bool:
    """Whether database or disk are to blame, and not a statement of ours."""
    return isinstance(error, PoolTimeoutError) or (
        isinstance(error, DBAPIError) and not isinstance(error, DataError | IntegrityError | ProgrammingError)
    )


def _unavailable(error: Exception) -> LogUnavailable:
    unavailable = LogUnavailable("The log can't be used now. Nothing was stored; try again with the same id.")
    unavailable.__cause__ = error
    return unavailable
