"""Link: a TCP (or unix) proxy between two parts of the product that can be slowed, cut, closed by halves and reset."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

PIECE_BYTES = 64 * 1024
KERNEL_BYTES = 16 * 1024
"""Of a socket's buffer: what waits is to wait in the product, where the test can see what becomes of it."""
SEGMENT_BYTES = 1400
"""As on a real network: loopback's 64 kB let the sender's kernel keep some megabytes for who does not read."""


class Link:
    """Listens while entered. What happens on it is set at any time:

    ``delay_s``: every piece waits so long, in both directions. ``hole()``: nothing passes until ``heal()``, then
    everything that waited: what TCP does after a cut. ``half_close()``: one direction of each connection ends.
    ``reset()``: all are reset; new ones, too, until ``heal()``.
    """

    def __init__(self, name: str, target: Callable[[], "tuple[str, int] | Path"], *, path: Path | None = None) -> None:
        """
        Args:
            target: address and port, or a unix socket, looked up for each connection.
            path: the unix socket to listen on; without it a free port of loopback.
        """
        self.name = name
        self.delay_s = 0.0
        self._target = target
        self._path = path
        self._server: asyncio.Server | None = None
        self._passing = asyncio.Event()
        self._passing.set()
        self._refuses = False
        self._pairs: set[tuple[asyncio.StreamWriter, asyncio.StreamWriter]] = set()
        self._halves: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        if self._path is None:
            self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        else:
            self._server = await asyncio.start_unix_server(self._accepted, self._path)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None, "set on entering"
        self._server.close()
        self._abort_all()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def port(self) -> int:
        assert self._server is not None, "listens once entered"
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def hole(self) -> None:
        self._passing.clear()

    def half_close(self, *, towards_client: bool) -> None:
        for to_client, to_server in tuple(self._pairs):
            half = to_client if towards_client else to_server
            if half.can_write_eof() and not half.transport.is_closing():
                self._halves.add(half)
                half.write_eof()

    def reset(self) -> None:
        self._refuses = True
        self._abort_all()

    def heal(self) -> None:
        self.delay_s = 0.0
        self._refuses = False
        self._passing.set()

    def _abort_all(self) -> None:
        for pair in tuple(self._pairs):
            for writer in pair:
                _reset(writer)

    async def _accepted(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None, "asyncio runs this in a task"
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            await self._serve(from_client, to_client)
        except asyncio.CancelledError:
            return  # left; asyncio would report it
        finally:
            to_client.transport.abort()

    async def _serve(self, from_client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        await self._passing.wait()
        if self._refuses:
            _reset(to_client)
            return
        target = self._target()
        try:
            if isinstance(target, Path):
                from_server, to_server = await asyncio.open_unix_connection(target)
            else:
                _keep_small(to_client.get_extra_info("socket"))
                from_server, to_server = await asyncio.open_connection(sock=await connect(*target))
        except OSError:
            _reset(to_client)
            return
        pair = (to_client, to_server)
        self._pairs.add(pair)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_on(from_client, to_server, to_client))
                group.create_task(self._pass_on(from_server, to_client, to_server))
        finally:
            self._pairs.discard(pair)
            self._halves.difference_update(pair)
            to_server.transport.abort()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, back: asyncio.StreamWriter
    ) -> None:
        """Until one direction ends; a half that was closed by us swallows what comes. A reset is passed on as one."""
        try:
            while data := await reader.read(PIECE_BYTES):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                await self._passing.wait()
                if writer not in self._halves:
                    writer.write(data)
                    await writer.drain()
            if writer.can_write_eof() and not writer.transport.is_closing():
                writer.write_eof()
        except OSError:
            _reset(writer)
            _reset(back)


async def connect(host: str, port: int) -> socket.socket:
    """A connection on our side of which the kernel keeps little.

    Raises:
        OSError: nobody answers.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        _keep_small(sock)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT_BYTES)
        await asyncio.get_running_loop().sock_connect(sock, (host, port))
    except BaseException:
        sock.close()
        raise
    return sock


def _keep_small(sock: socket.socket) -> None:
    """Before it is connected, else the other side has been promised more."""
    if sock.family == socket.AF_INET:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for name in (socket.SO_RCVBUF, socket.SO_SNDBUF):
            sock.setsockopt(socket.SOL_SOCKET, name, KERNEL_BYTES)


def _reset(writer: asyncio.StreamWriter) -> None:
    """End it with RST, as a machine that forgot the connection does."""
    sock = writer.get_extra_info("socket")
    if sock is not None and sock.family == socket.AF_INET:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
