"""WebSocket: the device's end of a connection of /ws/events, which can be dropped without a word at any moment."""

import asyncio
import base64
import json
import os
from collections.abc import AsyncIterator
from typing import Any, Self

from tests.bench.web_socket import CLOSE, TEXT, frames, text_frame
from tests.chaos.link import connect

OPEN_TIMEOUT_S = 5.0


class Closed(Exception):
    """The connection is gone; the message says how, with the code when there is one."""


class NotSignedIn(Closed):
    """The server does not know the session (any more)."""


class Displaced(Closed):
    """The server has seen a newer connection of this device, at whatever server."""


class WebSocket:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heartbeat_s = 10.0
        """As the server said last."""
        self._reader = reader
        self._writer = writer
        self._reads = asyncio.Event()
        self._reads.set()

    @classmethod
    async def open(cls, port: int, token: str) -> Self:
        """
        Raises:
            Closed: nobody answers, or not with an upgrade.
        """
        try:
            async with asyncio.timeout(OPEN_TIMEOUT_S):
                reader, writer = await asyncio.open_connection(sock=await connect("127.0.0.1", port))
                try:
                    return await cls._upgraded(reader, writer, port, token)
                except BaseException:
                    writer.transport.abort()
                    raise
        except (OSError, EOFError, TimeoutError, asyncio.LimitOverrunError) as error:
            raise Closed(f"not opened: {error!r}") from None

    @classmethod
    async def _upgraded(cls, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int, token: str) -> Self:
        key = base64.b64encode(os.urandom(16)).decode()
        head = (
            "GET /ws/events HTTP/1.1",
            f"Host: 127.0.0.1:{port}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {key}",
            "Sec-WebSocket-Version: 13",
            f"Authorization: Bearer {token}",
        )
        writer.write("\r\n".join((*head, "", "")).encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        status = answer.split(b" ", 2)[1]
        if status == b"401":
            raise NotSignedIn("401")
        if status != b"101":
            raise Closed(f"not upgraded: {status.decode()}")
        return cls(reader, writer)

    def send(self, message: dict[str, Any]) -> None:
        if not self._writer.transport.is_closing():
            self._writer.write(text_frame(message))

    async def messages(self) -> AsyncIterator[dict[str, Any]]:
        """Until the connection ends.

        Raises:
            Closed: it has; also when nothing came for two heartbeats and a second.
        """
        buffer = bytearray()
        while True:
            await self._reads.wait()
            silence_s = 2 * self.heartbeat_s + 1
            try:
                async with asyncio.timeout(silence_s):
                    data = await self._reader.read(256 * 1024)
            except TimeoutError:
                raise Closed(f"silent for {silence_s:g} s") from None
            except OSError as error:
                raise Closed(str(error)) from None
            if not data:
                raise Closed("ended without a word")
            buffer += data
            for opcode, payload in [(opcode, bytes(payload)) for opcode, payload in frames(buffer)]:
                if opcode == TEXT:
                    yield json.loads(payload)
                elif opcode == CLOSE:
                    code = int.from_bytes(payload[:2], "big")
                    raise _BY_CODE.get(code, Closed)(f"closed with {code}")

    @property
    def is_open(self) -> bool:
        """As far as can be seen without reading."""
        return not self._writer.transport.is_closing()

    def stop_reading(self) -> None:
        self._reads.clear()

    def go_on_reading(self) -> None:
        self._reads.set()

    def drop(self) -> None:
        """Without a close frame."""
        self._writer.transport.abort()


_BY_CODE = {4500: NotSignedIn, 4501: Displaced}
