"""What a link that is not wide is given, over real TCP; the other end reads and answers when it is told to."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from server.core.window import START_BYTES, WIDE_BYTES
from server.core.wire import text_frame
from server.lanes.metered_socket import CLEARED_S, MeteredSocket
from server.lanes.socket import Socket
from streams.fragment import Flag, Kind, pack
from tests.bench.web_socket import frames

_PING, _TEXT, _BINARY, _CONTINUATION = 9, 1, 2, 0


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
            if opcode == _PING:
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


@pytest.fixture
async def ends() -> AsyncIterator[Ends]:
    accepted: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(lambda _, writer: accepted.set_result(writer), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    ours = await accepted
    assert isinstance(ours.transport, asyncio.Transport)
    socket = Socket(ours.transport)
    found: list[Ends] = []
    metered = MeteredSocket(
        socket,
        lambda: found[0].now if found else 0.0,
        lambda: found[0].changes.append(found[0].ours.is_wide),
        lambda: setattr(found[0], "rooms", found[0].rooms + 1),
    )
    found.append(Ends(metered, Tablet(reader, socket)))
    yield found[0]
    for end in (ours, writer):
        end.close()
    server.close()
    await server.wait_closed()


async def test_no_more_is_on_the_way_than_is_answered_and_the_message_arrives_whole(ends: Ends) -> None:
    ends.ours.measure()
    await ends.tablet.read_some()
    ends.now += 0.05
    ends.tablet.answer()
    payload = ends.write(60_000)
    assert ends.ours.pending_bytes() > 60_000 - START_BYTES - 100, "the rest waits here"
    most = 0
    while not ends.tablet.messages:
        before = ends.tablet.came
        await ends.tablet.read_some()
        most = max(most, ends.tablet.came - before)
        ends.now += 0.5
        ends.tablet.answer()
    assert ends.tablet.messages == [payload]
    assert most <= 10_000
    assert ends.rooms > 0, "and the next may come"
    assert not ends.ours.is_wide


async def test_texts_stay_in_order_with_pictures_that_wait(ends: Ends) -> None:
    picture = ends.write(30_000)
    drop = text_frame({"type": "drop"})
    ends.tablet.awaited.append(len(drop) - 2)
    ends.ours.write(drop)
    small = ends.write(100)
    while len(ends.tablet.messages) < 3:
        await ends.tablet.read_some()
        ends.now += 0.3
        ends.tablet.answer()
    assert ends.tablet.messages == [picture, drop[2:], small]


async def test_a_link_that_proves_fast_becomes_wide_and_is_not_asked_any_more(ends: Ends) -> None:
    await ends.widen()
    assert ends.changes == [True]
    ends.tablet.pings.clear()
    payload = ends.write(WIDE_BYTES)
    while ends.tablet.awaited:
        await ends.tablet.read_some()
    assert ends.tablet.messages[-1] == payload
    assert ends.tablet.pings == []


async def test_one_who_falls_behind_is_given_nothing_until_what_was_on_the_way_has_arrived(ends: Ends) -> None:
    await ends.widen()
    ends.tablet.pings.clear()
    ends.ours.narrow()
    ends.ours.narrow()
    assert ends.changes == [True, False]
    assert ends.ours.pending_bytes() > 0
    payload = ends.write(100)
    while not ends.tablet.pings:
        await ends.tablet.read_some()
    assert ends.tablet.awaited, "the picture waits here"
    assert not ends.ours.is_stuck(ends.now + CLEARED_S)
    assert ends.ours.is_stuck(ends.now + CLEARED_S + 0.1)
    ends.tablet.answer()
    while ends.tablet.awaited:
        await ends.tablet.read_some()
    assert ends.tablet.messages[-1] == payload
    assert not ends.ours.is_stuck(ends.now + 60)


async def test_answers_to_what_was_not_asked_open_nothing(ends: Ends) -> None:
    ends.write(60_000)
    waiting = ends.ours.pending_bytes()
    for strange in (b"", b"\xff" * 125, (50_000).to_bytes(8), (0).to_bytes(8)):
        on_pong = ends.tablet.socket.on_pong
        assert on_pong is not None
        on_pong(strange)
    assert ends.ours.pending_bytes() == waiting
