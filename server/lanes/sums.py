"""SumsBoard: tells the staff how far alerts, pushes and bulletins have come, at most four times a second."""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, get_args

from sqlalchemy import Connection

from server.core import wire
from server.core.entry import Entry
from server.core.hub import Hub
from server.core.receipts import Item
from server.core.tally import KEPT_MS, MAX_ITEMS, Tally
from server.errors import LogUnavailable
from server.lanes.events_session import EventsSession
from server.store import people, receipts, standings
from server.store.db import Database

logger = logging.getLogger(__name__)

PAUSE_S = 0.25
FORGET_EVERY_S = 600.0
RETRY_S = 1.0


class SumsBoard:
    def __init__(self, db: Database, hub: Hub[EventsSession], *, now_ms: Callable[[], int]) -> None:
        self._db = db
        self._hub = hub
        self._now_ms = now_ms
        self._tally = Tally()
        self._missed: list[Entry] | None = []
        """Entries that came before the past was read; None once it was."""
        self._some = asyncio.Event()

    def on_entry(self, entry: Entry) -> None:
        """Take the next entry of the log."""
        if entry.kind == "probe":
            return
        if self._missed is not None:
            self._missed.append(entry)
            return
        self._tally.add(entry)
        self._some.set()

    def greet(self, session: EventsSession) -> None:
        """Tell one who comes, if it is his to know."""
        if session.person.is_staff and self._missed is None:
            session.socket.write(wire.sums(self._tally.everything(), full=True))

    async def run(self) -> None:
        """Read the past, then tell what changes, until cancelled."""
        await self._read()
        loop = asyncio.get_running_loop()
        forget_at = loop.time() + FORGET_EVERY_S
        while True:
            await self._some.wait()
            self._some.clear()
            changed = self._tally.changed()
            if changed:
                self._tell(changed, full=False)
            if loop.time() >= forget_at:
                forget_at = loop.time() + FORGET_EVERY_S
                self._tally.forget(before_ms=self._now_ms() - KEPT_MS)
            await asyncio.sleep(PAUSE_S)

    async def _read(self) -> None:
        is_blind = False
        while self._missed is not None:
            try:
                self._tally = await self._db.read(partial(_past, now_ms=self._now_ms()))
            except LogUnavailable:
                if not is_blind:
                    logger.error("log can't be read: nobody here is told how far items have come until it can")
                is_blind = True
                await asyncio.sleep(RETRY_S)
                continue
            for entry in self._missed:
                self._tally.add(entry)
            self._missed = None
        self._tally.changed()
        self._tell(self._tally.everything(), full=True)

    def _tell(self, sums: list[dict[str, Any]], *, full: bool) -> None:
        frame = wire.sums(sums, full=full)
        for session in self._hub.staff():
            session.socket.write(frame)


def _past(conn: Connection, now_ms: int) -> Tally:
    since_ms = now_ms - KEPT_MS
    tally = Tally(people.everybody(conn))
    items: tuple[Item, ...] = get_args(Item)
    for item in items:
        for standing in standings.recent(conn, item, since_ms=since_ms, limit=MAX_ITEMS // len(items), now_ms=now_ms):
            tally.item(item, standing.present, standing.audience)
    for receipt in receipts.recent(conn, since_ms=since_ms):
        tally.receipt(receipt)
    return tally
