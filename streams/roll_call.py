"""RollCall: tells the other streams processes that this one lives, and hears of them."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import NoReturn

from streams.bus import channels
from streams.bus.wakeups import Wakeups
from streams.errors import FormatError
from streams.ownership import SAY_EVERY_S, Ownership, Sign

logger = logging.getLogger(__name__)


class RollCall:
    def __init__(self, own: Sign, wakeups: Wakeups, *, on_change: Callable[[frozenset[int]], None]) -> None:
        """
        Args:
            on_change: given the numbers of the cameras that are ours from now on. Nothing may be said of others.
        """
        self.owned: frozenset[int] = frozenset()
        self._own = own
        self._ownership = Ownership(own)
        self._wakeups = wakeups
        self._on_change = on_change
        self._owned_at: dict[int, float] = {}
        self._is_due = True
        self._woken = asyncio.Event()
        self._is_garbled = False

    def owned_s(self, camera_number: int) -> float | None:
        """For how long it has been ours, in seconds; None when it is not."""
        owned_at = self._owned_at.get(camera_number)
        return None if owned_at is None else time.monotonic() - owned_at

    def on_sign(self, payload: bytes) -> None:
        """Take a message of the bus channel ``streams``."""
        try:
            sign = Sign.from_json(payload)
        except FormatError as error:
            if not self._is_garbled:
                logger.warning("sign of life not understood: %s", error)
                self._is_garbled = True
            return
        if self._ownership.hear(sign, time.monotonic()):
            self.say_soon()
        self._woken.set()

    def say_soon(self) -> None:
        """Somebody may not have heard of us."""
        self._is_due = True
        self._woken.set()

    async def run(self) -> NoReturn:
        """Until cancelled."""
        await self._wakeups.subscribed.wait()
        say_at = 0.0
        while True:
            self._woken.clear()
            if self._is_due or time.monotonic() >= say_at:
                self._is_due, say_at = False, time.monotonic() + SAY_EVERY_S
                await self._wakeups.publish(channels.STREAMS, self._own.to_json())
            now = time.monotonic()
            self._look(now)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(say_at - now, self._ownership.next_look_s(now) + 0.01)):
                    await self._woken.wait()

    async def say_farewell(self) -> None:
        """Others need not wait until we have been silent for long."""
        await self._wakeups.publish(channels.STREAMS, replace(self._own, is_gone=True).to_json())

    def _look(self, now: float) -> None:
        owned = self._ownership.owned(now)
        if owned is self.owned:
            return
        if self._owned_at:
            logger.info("cameras shared out anew: %d of %d are ours", len(owned), len(self._own.cameras))
        self._owned_at = {number: self._owned_at.get(number, now) for number in owned}
        self.owned = owned
        self._on_change(owned)
