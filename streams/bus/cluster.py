"""ClusterNodes: any node of a cluster that the others hear will do, because each passes on what is published on it."""

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
_LOST = "has lost some of the others"


class ClusterNodes:
    def __init__(self, address: BusAddress) -> None:
        """Reads certificate files."""
        self._address = address
        self._tls = address.tls_context()
        self._places = list(address.nodes)

    async def find(self) -> BusAddress:
        """A node that can be reached; rather one that finds its cluster whole.

        Raises:
            BusError: there is none.
        """
        reasons = []
        alone = None
        for place in self._places:
            node = replace(self._address, nodes=(), host=place[0], port=place[1])
            reason = await self._fault(node)
            if not reason:
                # Tried first the next time, lest one that is cut off is waited for again.
                self._places = [place, *(other for other in self._places if other != place)]
                return node
            if reason == _LOST and alone is None:
                alone = node
            reasons.append(f"{node.place} {reason}")
        if alone is not None:
            # Slots without a master concern keys; messages are passed on all the same.
            return alone
        raise BusError(f"No node of the cluster can be used: {'; '.join(reasons)}.")

    async def has_moved(self, host: str, port: int) -> bool:
        """Whether the node has lost the others and another one has not."""
        if await self._fault(replace(self._address, nodes=(), host=host, port=port)) != _LOST:
            return False
        try:
            found = await self.find()
        except BusError:
            return False
        return not await self._fault(found)

    async def _fault(self, node: BusAddress) -> str:
        try:
            async with asyncio.timeout(ASK_TIMEOUT_S):
                return await _ask(node, self._tls)
        except TimeoutError:
            return f"did not answer within {ASK_TIMEOUT_S:g} s"
        except OSError as error:
            return f"can't be reached: {error.strerror or error}"


async def _ask(node: BusAddress, tls: ssl.SSLContext | None) -> str:
    link = await Link.open(node, tls)
    try:
        sign_in = resp.auth(node.username, node.password)
        replies: list[Any] = await link.ask([*sign_in, resp.command("CLUSTER", "INFO")])
    finally:
        link.close()
    for reply in replies:
        if isinstance(reply, hiredis.ReplyError):
            return f"refused to answer: {reply}"
    return "" if b"cluster_state:ok" in replies[-1] else _LOST
