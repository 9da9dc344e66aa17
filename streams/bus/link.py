"""Link: one socket to a server that speaks the Redis protocol."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import Any, Self, cast

import hiredis

from streams.bus.address import BusAddress

logger = logging.getLogger(__name__)

READ_BYTES = 256 * 1024


class Link(asyncio.BufferedProtocol):
    """One socket. Buffered: at 40 kB a message that saves a third of the receiver's time."""

    def __init__(self) -> None:
        self.heard_at = 0.0
        self.lost = asyncio.Event()
        self.on_reply: Callable[[Any], None] = self._keep
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray(READ_BYTES)
        self._reader = hiredis.Reader()
        self._loop = asyncio.get_running_loop()
        self._answers: list[Any] = []
        self._heard = asyncio.Event()

    @classmethod
    async def open(cls, address: BusAddress, tls: ssl.SSLContext | None) -> Self:
        """Connect; nothing is said yet.

        Raises:
            OSError: it can't be reached.
        """
        loop = asyncio.get_running_loop()
        link = cls()
        try:
            if address.path:
                await loop.create_unix_connection(lambda: link, address.path)
            else:
                await loop.create_connection(lambda: link, address.host, address.port, ssl=tls)
        except BaseException:
            link.close()
            raise
        return link

    @property
    def unsent_bytes(self) -> int:
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    async def ask(self, commands: list[bytes]) -> list[Any]:
        """Send commands and wait for a reply to each. Only before ``on_reply`` is set."""
        self.write(b"".join(commands))
        while len(self._answers) < len(commands):
            if self.lost.is_set():
                raise ConnectionResetError("it closed the connection")
            self._heard.clear()
            await self._heard.wait()
        return self._answers

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def writelines(self, parts: tuple[bytes, ...]) -> None:
        if self._transport is not None:
            self._transport.writelines(parts)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not checked by isinstance: uvloop's transports are asyncio transports in all but name.
        self._transport = cast("asyncio.Transport", transport)
        self.heard_at = self._loop.time()

    def get_buffer(self, sizehint: int) -> bytearray:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.heard_at = self._loop.time()
        self._reader.feed(self._buffer, 0, nbytes)  # type: ignore[arg-type]  # it takes any buffer
        try:
            while (reply := self._reader.gets()) is not False:
                self.on_reply(reply)
        except hiredis.ProtocolError as error:
            logger.warning("bus garbled: %s", error)
            self.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._transport = None
        self.lost.set()
        self._heard.set()

    def _keep(self, reply: Any) -> None:
        self._answers.append(reply)
        self._heard.set()
