"""PastPublisher: the streams process's end of one answer about the past."""

import asyncio
from collections.abc import Iterable
from typing import Any

import hiredis

from streams.bus import channels, resp
from streams.bus.connection import Connection
from streams.errors import BusError

REPLY_TIMEOUT_S = 5.0
_CRLF = b"\r\n"


class PastPublisher(Connection):
    """Sends on the channel of one ask. It waits and loses nothing without saying so, unlike the one of live pictures,
    and it has a connection of its own, lest those stand behind what has been."""

    def __init__(self, url: str, ask_id: str) -> None:
        super().__init__(url, name="past")
        self._prefix = resp.publish_prefix(channels.past(ask_id))
        self._waits_for = 0
        self._replied = asyncio.Event()
        self._refusal = ""

    async def publish(self, payloads: Iterable[bytes]) -> None:
        """Send, and return when Redis has passed it on.

        Raises:
            BusError: it has not, or refuses to.
        """
        link = self._link
        if link is None:
            raise BusError("The connection was closed.")
        self._replied.clear()
        for payload in payloads:
            self._waits_for += 1
            link.writelines((resp.publish_head(self._prefix, len(payload)), payload, _CRLF))
        try:
            async with asyncio.timeout(REPLY_TIMEOUT_S):
                while self._waits_for:
                    await self._replied.wait()
        except TimeoutError:
            raise BusError(f"Redis did not take it within {REPLY_TIMEOUT_S:g} s.") from None
        if self._refusal:
            raise BusError(f"Redis refused it: {self._refusal}")

    def _on_reply(self, reply: Any) -> None:
        if isinstance(reply, hiredis.ReplyError):
            self._refusal = str(reply)
        self._waits_for -= 1
        if not self._waits_for:
            self._replied.set()
