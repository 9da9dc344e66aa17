"""ReceiptDesk: takes what devices report and writes it many at a time."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from server.core.entry import Entry
from server.core.people import Actor
from server.core.receipts import ReceiptCommand, ReceiptResult, Stage
from server.errors import LogUnavailable
from server.store import receipts
from server.store.db import Database

logger = logging.getLogger(__name__)

WINDOW_S = 0.1
"""How long ``delivered`` and ``shown`` wait for others; ``acknowledged`` is written at once, with what waits."""
MAX_WAITING = 20_000
MAX_BATCH = 500

OnResult = Callable[[ReceiptResult], None]


@dataclass(frozen=True, slots=True)
class _Waiting:
    actor: Actor
    command: ReceiptCommand
    on_result: OnResult


class ReceiptDesk:
    def __init__(self, db: Database, *, announce: Callable[[Entry | None], None], now_ms: Callable[[], int]) -> None:
        self._db = db
        self._announce = announce
        self._now_ms = now_ms
        self._waiting: list[_Waiting] = []
        self._some = asyncio.Event()
        self._urgent = asyncio.Event()

    def give(self, actor: Actor, command: ReceiptCommand, on_result: OnResult) -> None:
        """Take one command; ``on_result`` is called on the loop once it is committed or refused."""
        if len(self._waiting) >= MAX_WAITING:
            error = LogUnavailable(f"{MAX_WAITING} receipts wait already. Try again with the same id.")
            on_result(ReceiptResult(command.id, None, error))
            return
        self._waiting.append(_Waiting(actor, command, on_result))
        self._some.set()
        if command.stage is Stage.ACKNOWLEDGED:
            self._urgent.set()

    async def run(self) -> None:
        """Write what waits, until cancelled."""
        while True:
            await self._some.wait()
            try:
                async with asyncio.timeout(WINDOW_S):
                    await self._urgent.wait()
            except TimeoutError:
                pass
            self._some.clear()
            self._urgent.clear()
            while self._waiting:
                batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
                await self._write(batch)

    async def _write(self, batch: list[_Waiting]) -> None:
        commands = [(waiting.actor, waiting.command) for waiting in batch]
        try:
            recorded = await self._db.write(partial(receipts.record, commands=commands, now_ms=self._now_ms()))
        except LogUnavailable as error:
            for waiting in batch:
                waiting.on_result(ReceiptResult(waiting.command.id, None, error))
            return
        for waiting, result in zip(batch, recorded.results, strict=True):
            waiting.on_result(result)
        self._announce(recorded.entry)
