"""Leases: the rings that this server has taken upon itself, until they are done; when it dies, others take over."""

import asyncio
import secrets
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from itertools import islice

from server.errors import LogUnavailable
from server.store import bells
from server.store.bells import Claim
from server.store.db import Database

RENEW_S = bells.LEASE_MS / 3 / 1000
GATHER_S = 1.0
"""What is done within it is written together; for every write the alert lane waits. When this server dies meanwhile,
that much is rung a second time."""
MAX_WRITTEN = 1000
"""In one transaction: every other write waits for it."""


class Leases:
    def __init__(self, db: Database, now_ms: Callable[[], int]) -> None:
        self._db = db
        self._now_ms = now_ms
        self._server = secrets.token_hex(8)
        self._held: set[Claim] = set()
        self._done: list[Claim] = []
        """Not written yet. While nothing can be written nothing can be claimed, so it does not grow."""
        self._news = asyncio.Event()

    async def claim(self, wanted: Mapping[Claim, int]) -> list[Claim]:
        """Those for which this server is to ring.

        Args:
            wanted: with the times of their entries.

        Raises:
            LogUnavailable: nothing is claimed.
        """
        claim = partial(bells.claim, wanted=wanted, server=self._server, now_ms=self._now_ms())
        return self._hold(await self._db.write(claim))

    async def take_over(self, lapsed: Iterable[Claim]) -> list[Claim]:
        """As ``claim``, for what dead servers have claimed."""
        take_over = partial(bells.take_over, wanted=list(lapsed), server=self._server, now_ms=self._now_ms())
        return self._hold(await self._db.write(take_over))

    def done(self, claims: Iterable[Claim]) -> None:
        """They are rung, or can't be; whoever claimed them."""
        self._done += claims
        self._news.set()

    async def run(self) -> None:
        """Write what is done and renew the rest, until cancelled."""
        loop = asyncio.get_running_loop()
        renew_at = loop.time() + RENEW_S
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(renew_at):
                    await self._news.wait()
            await asyncio.sleep(GATHER_S)
            self._news.clear()
            try:
                await self._write_done()
                if loop.time() >= renew_at:
                    renew_at = loop.time() + RENEW_S
                    await self._renew()
            except LogUnavailable:
                # With the next that is done, or when it is time to renew.
                renew_at = loop.time() + RENEW_S

    async def _write_done(self) -> None:
        while written := list(islice(self._done, MAX_WRITTEN)):
            await self._db.write(partial(bells.conclude, done=written), bulk=True)
            del self._done[: len(written)]
            self._held.difference_update(written)

    async def _renew(self) -> None:
        held = iter(list(self._held))
        while renewed := list(islice(held, MAX_WRITTEN)):
            renew = partial(bells.renew, held=renewed, server=self._server, now_ms=self._now_ms())
            await self._db.write(renew, bulk=True)

    def _hold(self, claims: list[Claim]) -> list[Claim]:
        self._held.update(claims)
        return claims
