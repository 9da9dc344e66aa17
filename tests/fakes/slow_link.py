"""SlowLink: one bottleneck between a tablet and the server, as a modem is: all connections share one queue a direction.

A byte that has entered the queue can't be overtaken by any other, of whatever connection; that is what makes an alert
wait behind a key frame. When the queue is full, nothing is read from the senders until there is room, and who has
waited longest comes first. Each packet costs the 40 bytes of its TCP and IP headers too.
"""

import asyncio
import contextlib
import socket
from collections import deque
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Self

PACKET_BYTES = 1400
HEADER_BYTES = 40
_HIDDEN_BYTES = 16 * 1024
"""Receive buffer towards the senders: what waits there waits behind nothing but its own connection."""


class _Lane:
    """One direction: ``rate_bps`` out of a queue of ``queue_bytes``, each packet ``delay_s`` after it left it."""

    def __init__(self, rate_bps: float, queue_bytes: int, delay_s: float) -> None:
        self.rate_bps = rate_bps
        self.queued_bytes = 0
        self.carried_bytes = 0
        self._limit = queue_bytes
        self._delay_s = delay_s
        self._queue: deque[tuple[int, Callable[[], None]]] = deque()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._filled = asyncio.Event()

    async def room(self) -> None:
        """Wait until there is room for a packet; in turn."""
        if self.queued_bytes + PACKET_BYTES <= self._limit and not self._waiting:
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        await turn

    def put(self, size: int, deliver: Callable[[], None]) -> None:
        self._queue.append((size + HEADER_BYTES, deliver))
        self.queued_bytes += size + HEADER_BYTES
        self._filled.set()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        free_at = loop.time()
        while True:
            self._filled.clear()
            if not self._queue:
                await self._filled.wait()
                free_at = max(free_at, loop.time())
            size, deliver = self._queue[0]
            # By the clock of the link, not by that of this process: waking up late must not make it slower.
            free_at += size * 8 / self.rate_bps
            await asyncio.sleep(max(0.0, free_at - loop.time()))
            self._queue.popleft()
            self.queued_bytes -= size
            self.carried_bytes += size
            loop.call_at(free_at + self._delay_s, deliver)
            while self._waiting and self.queued_bytes + PACKET_BYTES <= self._limit:
                turn = self._waiting.popleft()
                if not turn.done():
                    turn.set_result(None)
                    break


class SlowLink:
    """``async with SlowLink(port, …) as link``: the tablet connects to ``link.port``; all it opens is one link."""

    def __init__(
        self, port: int, *, rate_bps: float = 64_000, queue_bytes: int = 32 * 1024, delay_s: float = 0.05
    ) -> None:
        """
        Args:
            port: of the server, on loopback.
            delay_s: one way.
        """
        self.port = 0
        self._behind = port
        self._down = _Lane(rate_bps, queue_bytes, delay_s)
        self._up = _Lane(rate_bps, queue_bytes, delay_s)
        self._tasks: set[asyncio.Task[None]] = set()
        self._listening: socket.socket | None = None

    @property
    def waiting_bytes(self) -> int:
        """In the queue towards the tablet."""
        return self._down.queued_bytes

    @property
    def carried_bytes(self) -> int:
        """To the tablet, headers included."""
        return self._down.carried_bytes

    def becomes(self, rate_bps: float) -> None:
        """The tablet drives into worse, or better, coverage."""
        self._down.rate_bps = self._up.rate_bps = rate_bps

    async def __aenter__(self) -> Self:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.setblocking(False)
        self.port = self._listening.getsockname()[1]
        for each in (self._down.run(), self._up.run(), self._accept(self._listening)):
            self._tasks.add(asyncio.create_task(each))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        assert self._listening is not None
        self._listening.close()

    async def _accept(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            near, _ = await loop.sock_accept(listening)
            task = asyncio.create_task(self._join(near))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _join(self, near: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        far = socket.socket()
        with near, far:
            for each in (near, far):
                each.setblocking(False)
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _HIDDEN_BYTES)
            await loop.sock_connect(far, ("127.0.0.1", self._behind))
            ended = [self._carry(near, far, self._up), self._carry(far, near, self._down)]
            pair = [asyncio.create_task(each) for each in ended]
            try:
                await asyncio.wait(pair, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in pair:
                    task.cancel()
                await asyncio.gather(*pair, return_exceptions=True)

    async def _carry(self, source: socket.socket, target: socket.socket, lane: _Lane) -> None:
        """Until one end closes. The end of a connection goes through the queue too; a reset does not."""
        loop = asyncio.get_running_loop()
        arrived: asyncio.Queue[bytes] = asyncio.Queue()

        async def read() -> None:
            while True:
                await lane.room()
                try:
                    data = await loop.sock_recv(source, PACKET_BYTES)
                except OSError:
                    arrived.put_nowait(b"")
                    return
                lane.put(len(data), partial(arrived.put_nowait, data))
                if not data:
                    return

        async def write() -> None:
            while data := await arrived.get():
                await loop.sock_sendall(target, data)

        reading = asyncio.create_task(read())
        try:
            with contextlib.suppress(OSError):
                await write()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
