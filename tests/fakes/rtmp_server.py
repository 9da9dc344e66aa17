"""RtmpServer: says what a test wants it to say to whoever wants to play, by RTMP on a real socket."""

import asyncio
import ssl
import struct
from types import TracebackType
from typing import Self

_HANDSHAKE_BYTES = 1536
_INVOKE, _SET_CHUNK_SIZE = 20, 1
_CHUNK_BYTES = 65536


class RtmpServer:
    """Answers ``connect``, and what follows it, with the codes that it was made with.

    Args:
        connect: code of the answer to connect; one of refusal is an ``_error``.
        play: code of the status after play, of level error.
        description: that goes with it.
    """

    def __init__(
        self, *, connect: str = "NetConnection.Connect.Success", play: str = "", description: str = ""
    ) -> None:
        self.port = 0
        self.tls: ssl.SSLContext | None = None
        """Set it before the context is entered."""
        self._connect = connect
        self._play = play
        self._description = description
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            first = await reader.readexactly(1 + _HANDSHAKE_BYTES)
            writer.write(b"\x03" + bytes(_HANDSHAKE_BYTES) + first[1:])
            await reader.readexactly(_HANDSHAKE_BYTES)
            writer.write(_message(_SET_CHUNK_SIZE, struct.pack(">I", _CHUNK_BYTES)))
            await self._until(reader, b"connect")
            is_welcome = self._connect.endswith("Success")
            writer.write(_invoke("_result" if is_welcome else "_error", 1.0, None, self._status(self._connect)))
            if is_welcome:
                await self._until(reader, b"createStream")
                writer.write(_invoke("_result", 2.0, None, 1.0))
                await self._until(reader, b"play")
                writer.write(_invoke("onStatus", 0.0, None, self._status(self._play)))
            await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _status(self, code: str) -> dict[str, str]:
        level = "status" if code.endswith(("Success", "Start")) else "error"
        return {"level": level, "code": code, "description": self._description}

    async def _until(self, reader: asyncio.StreamReader, name: bytes) -> None:
        """Chunks are not taken apart: the name of a command stands in one."""
        seen = b""
        while name not in seen:
            data = await reader.read(65536)
            if not data:
                raise asyncio.IncompleteReadError(seen, None)
            seen += data


def _invoke(*values: object) -> bytes:
    return _message(_INVOKE, b"".join(map(_amf, values)))


def _message(kind: int, body: bytes) -> bytes:
    """In one chunk, of stream 3."""
    return b"\x03" + bytes(3) + len(body).to_bytes(3, "big") + bytes((kind,)) + bytes(4) + body


def _amf(value: object) -> bytes:
    """AMF 0."""
    if isinstance(value, float):
        return b"\0" + struct.pack(">d", value)
    if isinstance(value, str):
        return b"\2" + _name(value)
    if isinstance(value, dict):
        return b"\3" + b"".join(_name(str(key)) + _amf(each) for key, each in value.items()) + b"\0\0\x09"
    return b"\5"


def _name(text: str) -> bytes:
    return struct.pack(">H", len(text.encode())) + text.encode()
