"""Sentinels: they know which server is the master at this moment."""

import asyncio
import ssl
from dataclasses import replace
from typing import Any

import hiredis

from streams.bus import resp
from streams.bus.address import BusAddress
from streams.bus.link import Link
from streams.errors import BusError

ASK_TIMEOUT_S = 1.0
"""Of each, in turn: one that is frozen or cut off must not keep us from the next."""


class Sentinels:
    def __init__(self, address: BusAddress) -> None:
        """Reads certificate files."""
        self._address = address
        self._tls = address.tls_context()
        self._places = list(address.sentinels)

    async def find(self) -> BusAddress:
        """Where the master is, with the credentials for it. The first sentinel who knows is believed; whether that
        server takes itself for the master, too, is the caller's to ask.

        Raises:
            BusError: none of them can be reached and knows.
        """
        reasons = []
        for place in self._places:
            sentinel = replace(self._address, sentinels=(), host=place[0], port=place[1])
            try:
                async with asyncio.timeout(ASK_TIMEOUT_S):
                    found = await _ask(sentinel, self._tls)
            except TimeoutError:
                reasons.append(f"{sentinel.place} did not answer within {ASK_TIMEOUT_S:g} s")
            except OSError as error:
                reasons.append(f"{sentinel.place} can't be reached: {error.strerror or error}")
            except hiredis.ReplyError as error:
                reasons.append(f"{sentinel.place} refused to answer: {error}")
            else:
                if found is not None:
                    # Asked first the next time, lest one that is cut off is waited for again.
                    self._places = [place, *(other for other in self._places if other != place)]
                    return replace(sentinel, host=found[0], port=found[1])
                reasons.append(f"{sentinel.place} does not know it")
        raise BusError(f"No sentinel tells where the master {self._address.master!r} is: {'; '.join(reasons)}.")

    async def has_moved(self, host: str, port: int) -> bool:
        """Whether another server is the master now. A master of before may go on as one for ten seconds and more, and
        who stays with it is heard by nobody who came later."""
        try:
            master = await self.find()
        except BusError:
            # As long as the server answers, the sentinels are not needed.
            return False
        return (master.host, master.port) != (host, port)


async def _ask(sentinel: BusAddress, tls: ssl.SSLContext | None) -> tuple[str, int] | None:
    link = await Link.open(sentinel, tls)
    try:
        sign_in = resp.auth(sentinel.sentinel_username, sentinel.sentinel_password)
        question = resp.command("SENTINEL", "GET-MASTER-ADDR-BY-NAME", sentinel.master)
        replies: list[Any] = await link.ask([*sign_in, question])
    finally:
        link.close()
    for reply in replies:
        if isinstance(reply, hiredis.ReplyError):
            raise reply
    name = replies[-1]
    return (name[0].decode(), int(name[1])) if type(name) is list and len(name) == 2 else None
