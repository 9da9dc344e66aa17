"""A tablet at the other end of a real TCP connection; it reads and answers when it is told to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from server.lanes.metered_socket import MeteredSocket
from server.lanes.socket import Socket
from streams.fragment import Flag, Kind, pack
from tests.bench.web_socket import PING, frames


@dataclass
class Tablet:
    """The other end."""

    reader: asyncio.StreamReader
    socket: Socket
    messages: list[bytes] = field(default_factory=list)
    pings: list[bytes] = field(default_factory=list)
    came: int = 0
    _buffer: bytearray = field(default_factory=bytearray)
    _begun: bytearray = field(default_factory=bytearray)

    async def read(self, size: int) -> None:
        """Read so many bytes at least."""
        before = self.came
        while self.came - before < size:
            await self.read_some()

    async def read_some(self) -> None:
        async with asyncio.timeout(5):
            data = await self.reader.read(65536)
        assert data
        self.came += len(data)
        self._buffer += data
        for opcode, payload in frames(self._buffer):
            if opcode == PING:
                self.pings.append(bytes(payload))
                continue
            # Which piece is the last is told by the sizes here: frames() hides the bit.
            self._begun += payload
            if len(self._begun) >= self.awaited[0]:
                self.messages.append(bytes(self._begun))
                self._begun.clear()
                del self.awaited[0]

    awaited: list[int] = field(default_factory=list)
    """Sizes of the messages that are written to it."""

    def answer(self) -> None:
        """All pings, in order."""
        assert self.socket.on_pong is not None
        pings, self.pings = self.pings, []
        for ping in pings:
            self.socket.on_pong(ping)


@dataclass
class Ends:
    ours: MeteredSocket
    tablet: Tablet
    changes: list[bool] = field(default_factory=list)
    rooms: int = 0
    now: float = 0.0

    def write(self, payload_size: int) -> bytes:
        body = payload_size.to_bytes(4) * ((payload_size - 24) // 4)
        message = pack(Kind.FRAME, Flag.KEY, camera_number=1, sequence=1, captured_ms=0, dts=0, body=body).message
        payload = message[-(24 + len(body)) :]
        self.tablet.awaited.append(len(payload))
        self.ours.write(message)
        return payload

    async def widen(self) -> None:
        while not self.ours.is_wide:
            if not self.ours.pending_bytes():
                self.write(50_000)
            await self.tablet.read_some()
            self.now += 0.001
            self.tablet.answer()
        while self.tablet.awaited:
            await self.tablet.read_some()


@asynccontextmanager
async def connected() -> AsyncIterator[Tablet]:
    """``Tablet.socket`` is our end."""
    accepted: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(lambda _, writer: accepted.set_result(writer), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    ours = await accepted
    assert isinstance(ours.transport, asyncio.Transport)
    yield Tablet(reader, Socket(ours.transport))
    for end in (ours, writer):
        end.close()
    server.close()
    await server.wait_closed()
