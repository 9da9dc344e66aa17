"""The proxy of chaos runs does to connections what it says; else the runs would prove nothing."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from tests.chaos.link import Link

TIMEOUT_S = 10.0
Connect = Callable[[Link], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    """The port of somebody who says everything again."""

    async def say_again(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1000):
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(say_again, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1]
    server.close()


@pytest.fixture
async def link(echo: int) -> AsyncIterator[Link]:
    async with Link("link", lambda: ("127.0.0.1", echo)) as link:
        yield link


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Opens connections, and leaves none."""
    writers: list[asyncio.StreamWriter] = []

    async def connect(link: Link) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
        writers.append(writer)
        return reader, writer

    yield connect
    for writer in writers:
        writer.transport.abort()


async def test_bytes_pass_in_both_directions(link: Link, connect: Connect) -> None:
    reader, writer = await connect(link)
    writer.write(b"there")
    assert await reader.readexactly(5) == b"there"
    writer.write_eof()
    async with asyncio.timeout(TIMEOUT_S):
        assert await reader.read() == b""


async def test_what_falls_into_a_hole_comes_when_it_is_healed(link: Link, connect: Connect) -> None:
    reader, writer = await connect(link)
    writer.write(b"1")
    await reader.readexactly(1)
    link.hole()
    writer.write(b"2")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await reader.read(1)
    link.heal()
    async with asyncio.timeout(TIMEOUT_S):
        assert await reader.readexactly(1) == b"2"


async def test_a_reset_is_felt_as_one_and_lasts_until_it_is_healed(link: Link, connect: Connect) -> None:
    reader, writer = await connect(link)
    writer.write(b"1")
    await reader.readexactly(1)
    link.reset()
    with pytest.raises(ConnectionResetError):
        await reader.readexactly(1)
    reader, _ = await connect(link)
    with pytest.raises(ConnectionResetError):
        await reader.readexactly(1)
    link.heal()
    reader, writer = await connect(link)
    writer.write(b"2")
    assert await reader.readexactly(1) == b"2"


async def test_a_direction_can_end_alone(link: Link, connect: Connect) -> None:
    reader, writer = await connect(link)
    writer.write(b"1")
    await reader.readexactly(1)
    link.half_close(towards_client=True)
    async with asyncio.timeout(TIMEOUT_S):
        assert await reader.read() == b""
    writer.write(b"still heard, and swallowed on the way back")
    await writer.drain()


async def test_somebody_who_is_not_there_is_felt_as_a_reset(connect: Connect) -> None:
    async with Link("link", lambda: ("127.0.0.1", 9)) as link:
        reader, _ = await connect(link)
        with pytest.raises(ConnectionResetError):
            await reader.readexactly(1)
