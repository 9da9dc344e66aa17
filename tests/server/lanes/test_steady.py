"""Those who are in step, over real TCP: everything arrives once, whole and in order, whoever else writes to them."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from server.core.wire import CloseCode, text_frame
from server.lanes.looks import Look
from server.lanes.metered_socket import MeteredSocket
from server.lanes.room import CHECK_S, Room
from server.lanes.socket import Socket
from server.lanes.watch import Watch
from streams.fragment import HEADER, Flag, Kind, pack
from tests.bench.web_socket import BINARY, CLOSE, PING, TEXT, messages
from tests.server.samples import AT_THE_DESK
from tests.streams.until import until


@dataclass
class Client:
    watch: Watch
    ours: Socket
    theirs: socket.socket
    buffer: bytearray = field(default_factory=bytearray)
    begun: bytearray = field(default_factory=bytearray)
    got: list[Any] = field(default_factory=list)
    """Sequences of pictures, and texts."""
    closed: int = 0

    async def read(self) -> None:
        async with asyncio.timeout(5):
            self.buffer += await asyncio.get_running_loop().sock_recv(self.theirs, 1 << 20)
        for opcode, payload in messages(self.buffer, self.begun):
            if opcode == BINARY:
                self.got.append(HEADER.unpack_from(payload)[3])
            elif opcode == TEXT:
                self.got.append(json.loads(bytes(payload)))
            elif opcode == PING:
                assert self.ours.on_pong is not None
                self.ours.on_pong(bytes(payload))
            elif opcode == CLOSE:
                self.closed = int.from_bytes(payload[:2])

    async def read_to(self, last: object) -> None:
        while last not in self.got:
            await self.read()

    @property
    def pictures(self) -> list[int]:
        return [each for each in self.got if isinstance(each, int)]


class Studio:
    """A camera and its viewers, on a clock of its own."""

    def __init__(self) -> None:
        self.now = 0.0
        self.room = Room(4, lambda: self.now)
        self.sequence = -1

    def show(self, size: int = 10_000, *, key: bool = False) -> int:
        self.now += 0.04
        self.sequence += 1
        flags = Flag.KEY if key else Flag.NONE
        self.room.relay(
            pack(
                Kind.FRAME,
                flags,
                camera_number=4,
                sequence=self.sequence,
                captured_ms=self.sequence,
                dts=0,
                body=bytes(size),
            )
        )
        return self.sequence

    def show_all_in_step(self, viewers: int) -> None:
        """Until nobody is looked at by himself."""
        for _ in range(2):
            self.show()
        assert len(self.room._steady) == viewers


@pytest.fixture
def studio() -> Studio:
    return Studio()


Join = Callable[[], Awaitable[Client]]


@pytest.fixture
async def join(studio: Studio) -> AsyncIterator[Join]:
    loop = asyncio.get_running_loop()
    listener = socket.create_server(("127.0.0.1", 0))
    clients: list[Client] = []

    async def come() -> Client:
        theirs = socket.create_connection(listener.getsockname())
        theirs.setblocking(False)
        transport, _ = await loop.connect_accepted_socket(asyncio.Protocol, listener.accept()[0])
        ours = Socket(transport)
        transport.set_protocol(ours)
        ours.keep_kernel_buffer_small()
        watches: list[Watch] = []

        def changed() -> None:
            for each in watches:
                each.link_changed()

        metered = MeteredSocket(ours, lambda: studio.now, changed, lambda: None)
        watches.append(Watch(metered, Look("look", AT_THE_DESK, "main-4th", "wall", 0)))
        client = Client(watches[0], ours, theirs)
        clients.append(client)
        while not metered.is_wide:
            if not metered.pending_bytes():
                metered.write(text_frame({"type": "x" * 30_000}))
            await client.read()
        metered.write(text_frame({"type": "wide"}))
        await client.read_to({"type": "wide"})
        client.got.clear()
        studio.room.join(client.watch)
        return client

    studio.show(key=True)
    yield come
    for client in clients:
        client.theirs.close()
        client.ours._transport.abort()
    listener.close()


async def test_everybody_gets_every_picture_once_and_is_counted_right(studio: Studio, join: Join) -> None:
    clients = [await join() for _ in range(3)]
    studio.show_all_in_step(3)
    for each in range(60):
        studio.show(key=each % 25 == 24)
        for client in clients:
            await client.read_to(studio.sequence)
            studio.room.acknowledged(client.watch, studio.sequence)
    for client in clients:
        assert client.pictures == list(range(studio.sequence + 1))
        studio.room.leave(client.watch)
        assert client.watch.viewer.frames == studio.sequence + 1
        assert client.watch.step_out is None
        assert not client.watch.socket.steady


async def test_what_is_not_taken_at_once_arrives_whole_and_others_lose_nothing(studio: Studio, join: Join) -> None:
    slow, quick = await join(), await join()
    studio.show_all_in_step(2)
    while slow.watch.step_out is not None or not slow.watch.viewer.is_behind:
        studio.show(60_000)
        assert slow.watch.step_out is None or not slow.ours.pending_bytes(), "or bytes would overtake each other"
        await quick.read_to(studio.sequence)
        assert studio.sequence < 500, "a kernel holds no more than that"
    assert slow.watch.socket.descriptor == -1
    await slow.read_to(0)
    while not slow.ours.is_open or slow.ours.pending_bytes():
        await slow.read()
    assert slow.pictures == list(range(len(slow.pictures))), "without a hole, and each whole"
    assert quick.pictures == list(range(studio.sequence + 1))
    for _ in range(2):
        await quick.read_to(studio.show())
    assert quick.watch.step_out is not None


async def test_texts_stand_where_they_were_written_between_the_pictures(studio: Studio, join: Join) -> None:
    client = await join()
    studio.show_all_in_step(1)
    expected: list[Any] = [{"type": "burst", "camera_number": 4, "frames": 1}, *range(studio.sequence + 1)]
    for n in range(20):
        client.watch.socket.write(text_frame({"type": "tick", "n": n}))
        expected += [{"type": "tick", "n": n}, studio.show()]
    await client.read_to(studio.sequence)
    assert client.got == expected


async def test_nothing_follows_the_close_frame_and_a_lost_connection_is_left(studio: Studio, join: Join) -> None:
    closing, lost, stays = await join(), await join(), await join()
    studio.show_all_in_step(3)
    closing.ours.close(CloseCode.SESSION_ENDED, "over")
    assert len(studio.room._steady) == 2
    lost.ours._transport.abort()
    lost.theirs.close()
    await until(lambda: lost.ours.descriptor == -1)
    assert lost.watch.step_out is None, "the number may be that of another connection in a moment"
    last = studio.show()
    assert closing.watch.socket.descriptor == lost.watch.socket.descriptor == -1
    await stays.read_to(last)
    while not closing.closed:
        await closing.read()
    assert closing.closed == CloseCode.SESSION_ENDED
    assert closing.pictures == list(range(last))
    assert not closing.buffer, "nothing after it"


async def test_one_who_acknowledges_no_more_steps_out_within_a_moment(studio: Studio, join: Join) -> None:
    silent, other = await join(), await join()
    for client in (silent, other):
        studio.room.acknowledged(client.watch, studio.sequence)
    studio.show_all_in_step(2)
    since = studio.now
    while not silent.watch.viewer.is_behind:
        last = studio.show(100)
        studio.room.acknowledged(other.watch, last)
        assert studio.now - since < 1 + 3 * CHECK_S
    assert not silent.watch.socket.is_wide
    assert not other.watch.viewer.is_behind
    assert other.watch.step_out is not None


async def test_a_descriptor_is_given_up_with_its_link(studio: Studio, join: Join) -> None:
    client = await join()
    studio.show_all_in_step(1)
    before = studio.sequence
    client.watch.socket.narrow()
    assert len(studio.room._steady) == 0
    assert client.watch.viewer.next_in(studio.room.ring) is None, "he has all of it"
    assert studio.show() == before + 1
    assert client.watch.viewer.is_behind
