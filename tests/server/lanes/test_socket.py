"""The writing end of a connection, over real TCP."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass

import pytest

from server.core.wire import text_frame
from server.lanes.socket import SEND_BUFFER_BYTES, Socket
from tests.streams.until import until


@dataclass
class Line:
    """A connection: our end, and the stranger's."""

    ours: Socket
    transport: asyncio.Transport
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    accepted: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()

    def on_connected(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.set_result(writer)

    server = await asyncio.start_server(on_connected, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), limit=16 * 1024 * 1024)
    ours = await accepted
    assert isinstance(ours.transport, asyncio.Transport)
    line = Line(Socket(ours.transport), ours.transport, reader, writer)
    ours.transport.set_protocol(line.ours)
    yield line
    for end in (ours, writer):
        end.close()
    server.close()
    await server.wait_closed()


async def test_frames_go_out_in_the_order_of_the_calls(line: Line) -> None:
    frames = [text_frame({"n": number}) for number in range(100)]
    for frame in frames:
        line.ours.write(frame)
    assert await line.reader.readexactly(len(b"".join(frames))) == b"".join(frames)


async def test_the_goodbye_is_the_last_word_and_is_said_once(line: Line) -> None:
    line.ours.close(4501, "newer")
    line.ours.close(4500, "again")
    line.ours.write(text_frame({}))
    assert line.ours.close_code == 4501
    assert not line.ours.is_open
    assert await line.reader.read(100) == b"\x88\x07\x11\x95newer"


async def test_who_does_not_answer_the_goodbye_is_cut_off(line: Line) -> None:
    line.ours.close(1001)
    assert await line.reader.readexactly(4) == b"\x88\x02\x03\xe9"
    async with asyncio.timeout(5):
        with suppress(ConnectionResetError):
            assert await line.reader.read() == b""


async def test_writing_to_a_connection_that_is_gone_goes_nowhere(line: Line) -> None:
    line.transport.abort()
    line.ours.write(text_frame({}))
    line.ours.close(1001)
    assert line.ours.close_code is None
    assert not await line.ours.drained(1)


async def test_what_waits_for_who_does_not_read_can_be_seen_and_waited_for(line: Line) -> None:
    line.ours.keep_kernel_buffer_small()
    raw = line.writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    line.reader._transport.pause_reading()  # type: ignore[attr-defined]
    frame = text_frame({"x": "x" * 100_000})
    for _ in range(100):
        line.ours.write(frame)
    waiting = line.ours.pending_bytes()
    assert waiting > 100 * 100_000 - 4 * SEND_BUFFER_BYTES, "the kernel hides little"
    assert not await line.ours.drained(0.05)
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024 * 1024)
    line.reader._transport.resume_reading()  # type: ignore[attr-defined]
    reading = asyncio.create_task(line.reader.readexactly(100 * len(frame)))
    assert await line.ours.drained(10)
    assert await reading == 100 * frame
    await until(lambda: line.ours.pending_bytes() == 0)
