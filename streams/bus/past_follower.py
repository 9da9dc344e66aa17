"""PastFollower: a server process's end of one answer about the past."""

import asyncio
from collections import deque
from typing import Any

import hiredis

from streams.bus import channels, resp
from streams.bus.connection import Connection
from streams.errors import BusError

SUBSCRIBE_TIMEOUT_S = 2.0


class PastFollower(Connection):
    """Follows the channel of one ask. What waits to be taken is what the asker has given credit for, and no more."""

    def __init__(self, url: str, ask_id: str) -> None:
        super().__init__(url, name="past")
        self._channel = channels.past(ask_id)
        self._waiting: deque[bytes] = deque()
        self._arrived = asyncio.Event()
        self._follows = asyncio.Event()
        self._refusal = ""

    async def open(self) -> None:
        """Connect and follow. Ask only then.

        Raises:
            BusError: it can't be reached, or refuses.
        """
        await self.connect()
        assert self._link is not None, "just connected"
        self._link.write(resp.subscribe([self._channel]))
        try:
            async with asyncio.timeout(SUBSCRIBE_TIMEOUT_S):
                await self._follows.wait()
        except TimeoutError:
            raise BusError(f"Redis did not answer within {SUBSCRIBE_TIMEOUT_S:g} s.") from None
        if self._refusal:
            raise BusError(f"Redis refused to be followed: {self._refusal}")

    async def next(self, timeout_s: float) -> bytes:
        """The next message of the channel, in order.

        Raises:
            TimeoutError: none came.
        """
        if not self._waiting:
            self._arrived.clear()
            async with asyncio.timeout(timeout_s):
                await self._arrived.wait()
        return self._waiting.popleft()

    def _on_reply(self, reply: Any) -> None:
        if type(reply) is list and reply[0] == b"message":
            self._waiting.append(reply[2])
            self._arrived.set()
            return
        if isinstance(reply, hiredis.ReplyError):
            self._refusal = str(reply)
        self._follows.set()
