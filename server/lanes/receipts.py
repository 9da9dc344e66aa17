"""ReceiptDesk: takes what devices report and writes it many at a time; notes what was sent when nobody reports."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice

from server.core.entry import Entry
from server.core.people import Actor
from server.core.receipts import Item, ReceiptCommand, ReceiptResult
from server.errors import LogUnavailable
from server.store import receipts
from server.store.db import Database

logger = logging.getLogger(__name__)

WINDOW_S = 0.25
"""How long receipts of devices wait for others; what a person said is written at once, with what waits."""
MAX_WAITING = 20_000
MAX_OWED = 1_000
"""Receipts of one device that may wait, whichever way they came, so that no device makes the others wait."""
MAX_BATCH = 500
SENT_AFTER_S = 2.0
"""How long the server waits for something better than its own word that it has written to a socket."""
MAX_UNREPORTED = 100_000
"""Items and devices about which nothing was reported yet; more are not noted."""

OnResults = Callable[[Sequence[ReceiptResult]], None]
_Written = tuple[Item, str, int]
"""Item, its id, revision."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    actor: Actor
    commands: Sequence[ReceiptCommand]
    on_results: OnResults


class ReceiptDesk:
    def __init__(self, db: Database, *, announce: Callable[[Entry | None], None], now_ms: Callable[[], int]) -> None:
        self._db = db
        self._announce = announce
        self._now_ms = now_ms
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[_Waiting] = deque()
        self._said: deque[_Waiting] = deque()
        self._waiting_count = 0
        """Receipts."""
        self._owed: dict[tuple[str, str], int] = {}
        """How many of them are of a person's device."""
        self._some = asyncio.Event()
        self._urgent = asyncio.Event()
        self._unreported: dict[_Written, set[tuple[str, str]]] = {}
        """Person and device of those to whom an item was written."""
        self._due: deque[tuple[float, _Written]] = deque()
        self._unreported_count = 0
        self._written = asyncio.Event()

    def give(self, actor: Actor, commands: Sequence[ReceiptCommand], on_results: OnResults) -> None:
        """Take some that belong together; ``on_results`` is called on the loop once they are committed or refused, with
        one result for each. They are written together or not at all."""
        waiting = _Waiting(actor, commands, on_results)
        if not commands:
            on_results(())
            return
        owed = self._owed.get((actor.id, actor.device), 0)
        if owed + len(commands) > MAX_OWED:
            _refuse(waiting, LogUnavailable(f"{owed} receipts of this device wait already. Try again."))
            return
        if self._waiting_count + len(commands) > MAX_WAITING:
            _refuse(waiting, LogUnavailable(f"{self._waiting_count} receipts wait already. Try again."))
            return
        self._waiting_count += len(commands)
        self._owed[actor.id, actor.device] = owed + len(commands)
        self._some.set()
        if any(command.stage.is_said for command in commands):
            self._said.append(waiting)
            self._urgent.set()
        else:
            self._waiting.append(waiting)
        for command in commands:
            devices = self._unreported.get((command.item, command.item_id, command.revision))
            if devices is not None:
                devices.discard((actor.id, actor.device))

    def note_sent(self, item: Item, item_id: str, revision: int, devices: Iterable[tuple[str, str]]) -> None:
        """An item was written to sockets of these (person, device). Costs next to nothing now."""
        if self._unreported_count >= MAX_UNREPORTED:
            return
        written = item, item_id, revision
        known = self._unreported.get(written)
        if known is None:
            known = self._unreported[written] = set()
            self._due.append((self._loop.time() + SENT_AFTER_S, written))
            self._written.set()
        before = len(known)
        known.update(devices)
        self._unreported_count += len(known) - before

    async def run(self) -> None:
        """Write what waits, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._write_reports(), name="reports")
            group.create_task(self._write_sent(), name="sent")

    async def _write_reports(self) -> None:
        while True:
            await self._some.wait()
            try:
                async with asyncio.timeout(WINDOW_S):
                    await self._urgent.wait()
            except TimeoutError:
                pass
            self._some.clear()
            self._urgent.clear()
            while self._said or self._waiting:
                # What people say goes first, with what waits; they must not stand behind thousands of reports.
                said = _some(self._said, MAX_BATCH)
                batch = _some(self._waiting, MAX_BATCH - sum(len(each.commands) for each in said))
                await self._write([*batch, *said], bulk=not said)

    async def _write(self, batch: list[_Waiting], *, bulk: bool) -> None:
        commands = [(waiting.actor, command) for waiting in batch for command in waiting.commands]
        self._waiting_count -= len(commands)
        try:
            work = partial(receipts.record, commands=commands, now_ms=self._now_ms())
            recorded = await self._db.write(work, bulk=bulk)
        except LogUnavailable as error:
            for waiting in batch:
                self._is_answered(waiting)
                _refuse(waiting, error)
            return
        results = iter(recorded.results)
        for waiting in batch:
            self._is_answered(waiting)
            waiting.on_results([*islice(results, len(waiting.commands))])
        for entry in recorded.entries:
            self._announce(entry)

    def _is_answered(self, waiting: _Waiting) -> None:
        device = waiting.actor.id, waiting.actor.device
        self._owed[device] -= len(waiting.commands)
        if not self._owed[device]:
            del self._owed[device]

    async def _write_sent(self) -> None:
        while True:
            await self._written.wait()
            self._written.clear()
            while self._due:
                at, written = self._due.popleft()
                await asyncio.sleep(max(0.0, at - self._loop.time()))
                devices = sorted(self._unreported.pop(written))
                self._unreported_count = sum(map(len, self._unreported.values()))
                for start in range(0, len(devices), MAX_BATCH):
                    await self._note(written, devices[start : start + MAX_BATCH])

    async def _note(self, written: _Written, devices: list[tuple[str, str]]) -> None:
        item, item_id, revision = written
        work = partial(receipts.sent, item=item, item_id=item_id, revision=revision, devices=devices)
        try:
            entries = await self._db.write(partial(work, now_ms=self._now_ms()), bulk=True)
        except LogUnavailable:
            return  # it was sent all the same; that nobody knows of it is what the sums say then
        for entry in entries:
            self._announce(entry)


def _some(waiting: deque[_Waiting], count: int) -> list[_Waiting]:
    """Take out the first that have about ``count`` receipts together."""
    taken: list[_Waiting] = []
    while waiting and count > 0:
        taken.append(waiting.popleft())
        count -= len(taken[-1].commands)
    return taken


def _refuse(waiting: _Waiting, error: LogUnavailable) -> None:
    waiting.on_results([ReceiptResult(command.id, None, error) for command in waiting.commands])
