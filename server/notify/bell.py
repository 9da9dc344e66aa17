"""Bell: wakes devices that sleep. One more way to be heard of, never the only one: the ladder of an alert climbs on.

An entry is taken from the log by every server. People who have no device connected anywhere are rung at once; two
seconds later every device that has not reported the item by then. Which server does it is claimed in the store first;
when that server dies before it is done, another one takes it over, once.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from server.core.entry import Entry
from server.core.people import Role
from server.errors import LogUnavailable
from server.notify import callees
from server.notify.answer import Answer, Outcome
from server.notify.callees import Callees
from server.notify.leases import MAX_WRITTEN, Leases
from server.notify.lines import Call, Lines
from server.notify.ring import Ring
from server.notify.waiting import Waiting
from server.store import bells, log, subscriptions
from server.store.bells import Claim
from server.store.db import Database

if TYPE_CHECKING:
    from server.notify.push_service import PushServices

logger = logging.getLogger(__name__)

PAUSE_S = 0.1
"""What comes within it is looked at together."""
REST = 4
"""Times as long as a look took: with many devices and many alerts, bells take a fifth of the time and no more."""
MISSED_MS = 60 * 1000
MAX_MISSED = 500
"""Entries of the last minute are looked at when a server starts: the one that should have rung may have died."""
REMEMBER_MS = 7 * 24 * 3600 * 1000
TIDY_S = 3600.0
TAKE_OVER_S = 10.0


class Bell:
    def __init__(
        self,
        db: Database,
        services: "PushServices",
        *,
        key: str,
        address: str,
        page_of: Mapping[Role, str],
        show_content: bool,
        allow_hosts: Collection[str],
        online: Callable[[], frozenset[str]],
        now_ms: Callable[[], int],
    ) -> None:
        """
        Args:
            key: public half of our key, for browsers.
            address: of the server, as browsers know it: ``https://sightline.example``.
            page_of: path of the page of each role.
            allow_hosts: of push services that need not be public.
            online: ids of people who have a device connected to any server.
        """
        self.key = key
        self.allow_hosts = allow_hosts
        self._db = db
        self._address = address
        self._page_of = page_of
        self._show_content = show_content
        self._online = online
        self._now_ms = now_ms
        self._waiting = Waiting(now_ms)
        self._is_looking = False
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._leases = Leases(db, now_ms)
        self._lines = Lines(services, self._on_answer, self._on_done, now_ms=now_ms)
        self._refused = ""

    def on_entry(self, entry: Entry) -> None:
        """Take an entry of the log."""
        ring = Ring.of_entry(entry)
        if ring is not None:
            self._waiting.add(ring)
            self._wake.set()

    @property
    def is_idle(self) -> bool:
        """Nothing waits to be looked at or called."""
        return not (self._waiting or self._is_looking or self._lines.waiting)

    def problems(self) -> list[str]:
        """What an operator should know, in sentences."""
        problems = [self._refused] if self._refused else []
        if self._waiting.left_out or self._lines.left_out:
            problems.append("More bells are to be rung than can be: some sleeping devices are not woken.")
        return problems

    async def run(self) -> None:
        """Ring until cancelled."""
        await self._catch_up()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._lines.run(), name="lines")
            group.create_task(self._look_again_and_again(), name="looks")
            group.create_task(self._leases.run(), name="leases")
            group.create_task(self._take_over_again_and_again(), name="lapsed")
            group.create_task(self._tidy(), name="tidy")

    async def _catch_up(self) -> None:
        try:
            entries = await self._db.read(_newest)
        except LogUnavailable:
            return
        for entry in entries:
            if entry.at_ms >= self._now_ms() - MISSED_MS:
                self.on_entry(entry)

    async def _look_again_and_again(self) -> None:
        while True:
            if not self._waiting.has_fresh:
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._waiting.wait_s()):
                        await self._wake.wait()
            self._wake.clear()
            began_at = self._loop.time()
            self._is_looking = True
            fresh = self._waiting.take_fresh()
            due = self._waiting.take_due()
            await self._look(fresh, self._online())
            await self._look(due, frozenset())
            self._is_looking = False
            self._waiting.all_taken()
            await asyncio.sleep(max(PAUSE_S, REST * (self._loop.time() - began_at)))

    async def _look(self, rings: Sequence[Ring], online: frozenset[str]) -> None:
        """Ring for those whom these concern, who have not got them and are not ``online``."""
        if not rings:
            return
        try:
            wanted = await self._db.read(partial(callees.of, rings=rings, online=online))
            for chunk in _chunks(wanted):
                times = {claim: wanted[claim][0].at_ms for claim in chunk}
                self._call({claim: wanted[claim] for claim in await self._leases.claim(times)})
        except LogUnavailable:
            # Who can't read what happened would wake everybody; so later, while it still matters.
            for ring in rings:
                self._waiting.look_again(ring)

    def _call(self, claims: Callees) -> None:
        for ring, pull in claims.values():
            page = self._address + self._page_of[pull.person.role]
            self._lines.add(Call(ring, pull, page, self._show_content))

    async def _take_over_again_and_again(self) -> None:
        while True:
            await asyncio.sleep(TAKE_OVER_S)
            with suppress(LogUnavailable):
                await self._take_over()

    async def _take_over(self) -> None:
        lapsed = await self._db.read(partial(callees.lapsed, now_ms=self._now_ms()))
        if not lapsed:
            return
        wanted = await self._db.read(partial(callees.left_behind, lapsed=lapsed, now_ms=self._now_ms()))
        self._leases.done(one.claim for one in lapsed if one.claim not in wanted)
        taken = await self._leases.take_over(wanted)
        if taken:
            logger.warning("bells: %d of a server that ended are rung by this one", len(taken))
        self._call({claim: wanted[claim] for claim in taken})

    def _on_done(self, call: Call) -> None:
        self._leases.done([call.claim])

    async def _on_answer(self, call: Call, answer: Answer) -> None:
        match answer.outcome:
            case Outcome.RUNG:
                self._refused = ""
            case Outcome.GONE:
                try:
                    await self._db.write(partial(subscriptions.forget, subscription_id=call.pull.subscription.id))
                except LogUnavailable:
                    logger.warning("a subscription that is gone was not forgotten; the next bell will try again")
            case Outcome.REFUSED:
                if not self._refused:
                    logger.error("web push is refused: %s", answer.why)
                self._refused = (
                    f"Web Push is refused ({answer.why}): sleeping devices are not woken. "
                    "Check notify.contact and the key; after a change of the key devices have to subscribe again."
                )
            case Outcome.LATER | Outcome.TOO_LARGE:
                pass

    async def _tidy(self) -> None:
        while True:
            await asyncio.sleep(TIDY_S)
            try:
                await self._db.write(partial(bells.forget, before_ms=self._now_ms() - REMEMBER_MS))
            except LogUnavailable:
                continue


def _newest(conn: Connection) -> list[Entry]:
    return log.entries_after(conn, max(log.head(conn) - MAX_MISSED, 0), MAX_MISSED)


def _chunks(wanted: Iterable[Claim]) -> Iterator[list[Claim]]:
    rest = iter(wanted)
    while chunk := list(islice(rest, MAX_WRITTEN)):
        yield chunk
