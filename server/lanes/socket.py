"""Socket: the writing end of one WebSocket connection, for frames that were made before."""

import asyncio
import socket as sockets
from collections.abc import Callable

from server.core.wire import close_frame

SEND_BUFFER_BYTES = 256 * 1024
NOT_SENT_BYTES = 64 * 1024
CLOSING_TIMEOUT_S = 2.0
"""For the other side to answer the close frame, or to take what is still on the way to it."""


class Socket(asyncio.Protocol):
    """Writes whole WebSocket frames straight to the transport, whose protocol it is. Who reads is made of it
    (server/web/sockets.py).

    Frames of all kinds keep their order. Nothing is ever awaited: who writes looks at ``pending_bytes`` first.
    """

    __slots__ = ("_drained", "_transport", "close_code", "descriptor", "on_pong", "on_pressed", "pending_bytes")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._drained: asyncio.Event | None = None
        """While the transport has enough to do."""
        self.pending_bytes: Callable[[], int] = transport.get_write_buffer_size
        """How much waits in this process; what waits in the kernel is bounded by ``keep_kernel_buffer_small``."""
        self.close_code: int | None = None
        """Set when this side has begun to close."""
        self.on_pong: Callable[[bytes], None] | None = None
        """Is given what a ping of ours held, when the other side has read everything before it."""
        self.descriptor = -1
        """What whole frames may be written to past this object while nothing waits here; −1: nothing may."""
        self.on_pressed: Callable[[], None] | None = None
        """Called before anything waits here, and before the end of the connection: the descriptor is ours alone now."""

    @property
    def is_open(self) -> bool:
        return self.close_code is None and not self._transport.is_closing()

    @property
    def is_pressed(self) -> bool:
        """More waits than the transport likes (64 KiB); ``pending_bytes`` says how much."""
        return self._drained is not None

    def write(self, frame: bytes) -> None:
        """Send one or more whole frames; on a socket that is closing they go nowhere."""
        # uvloop raises when a closed transport is written to.
        if self.close_code is None and not self._transport.is_closing():
            self._transport.write(frame)

    async def drained(self, timeout_s: float) -> bool:
        """Wait until the other side has taken most of what was written; False when it did not in time."""
        if self._drained is not None:
            try:
                async with asyncio.timeout(timeout_s):
                    await self._drained.wait()
            except TimeoutError:
                return False
        return self.is_open

    def close(self, code: int, reason: str = "") -> None:
        """Say goodbye once. The connection ends when the other side has answered, after 2 s at the latest."""
        if not self.is_open:
            return
        self._press()
        self._transport.write(close_frame(code, reason))
        self.close_code = code
        asyncio.get_running_loop().call_later(CLOSING_TIMEOUT_S, self._transport.abort)

    def keep_kernel_buffer_small(self) -> None:
        """Let the kernel hold back no more than a moment of video: by default it would hide 10 s of lag from us."""
        socket = self._transport.get_extra_info("socket")
        if socket is None or socket.family not in (sockets.AF_INET, sockets.AF_INET6):
            return
        socket.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NODELAY, 1)
        socket.setsockopt(sockets.SOL_SOCKET, sockets.SO_SNDBUF, SEND_BUFFER_BYTES)
        if hasattr(sockets, "TCP_NOTSENT_LOWAT"):
            socket.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_NOTSENT_LOWAT, NOT_SENT_BYTES)
        if self._transport.get_extra_info("ssl_object") is None:
            # From now on we are told of the first byte that waits in the transport.
            self._transport.set_write_buffer_limits(high=0)
            self.descriptor = socket.fileno()

    # --- what the transport says

    def pause_writing(self) -> None:
        self._press()
        self._drained = asyncio.Event()

    def resume_writing(self) -> None:
        if self._drained is not None:
            self._drained.set()
            self._drained = None

    def connection_lost(self, error: Exception | None) -> None:
        self._press()
        self.descriptor = -1
        self.resume_writing()

    def _press(self) -> None:
        if self.on_pressed is not None:
            self.on_pressed()
