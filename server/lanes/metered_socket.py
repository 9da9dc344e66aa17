"""MeteredSocket: the writing end of a video connection, which lets no more be on the way than the link carries at once.

On a wide link it is a ``Socket`` and nothing more. On another, messages wait here and go out in pieces (RFC 6455 §5.4)
with pings between them, as the answers make room: an alert never waits behind a whole key frame.
"""

from collections import deque
from collections.abc import Callable

from server.core.pieces import first_piece, next_piece, ping_frame, split
from server.core.window import Window
from server.lanes.socket import Socket

CLEARED_S = 4.0
"""How long what is on the way to one who has fallen behind, and who talks, may take to arrive. Then the connection is
cut: so much is in front of his alerts, and it can't be taken back in any other way."""


class MeteredSocket:
    """Messages of all kinds keep their order. Nothing is ever awaited: who writes looks at ``pending_bytes`` first."""

    __slots__ = (
        "_clock",
        "_held",
        "_on_change",
        "_on_room",
        "_socket",
        "_window",
        "is_wide",
        "pending_bytes",
        "steady",
        "write",
    )

    def __init__(
        self, socket: Socket, clock: Callable[[], float], on_change: Callable[[], None], on_room: Callable[[], None]
    ) -> None:
        """
        Args:
            clock: seconds of any origin.
            on_change: the link has become wide, or is not any more: ``write`` and ``pending_bytes`` are others now.
            on_room: what was held here is on its way, and there is room for the next message.
        """
        self._socket = socket
        self._clock = clock
        self._on_change = on_change
        self._on_room = on_room
        self._window = Window()
        self.is_wide = False
        """Nothing is held back."""
        self._held: deque[bytes | memoryview] = deque()
        """Whole frames, and before them the rest of the payload of one that has begun."""
        self.write: Callable[[bytes], None] = self._hold
        """Send one or more whole frames."""
        self.pending_bytes: Callable[[], int] = self._held_bytes
        """What waits in this process; of a link that is not wide 0 when there is room for a message."""
        self.steady: set[Callable[[], None]] = set()
        """Who writes to the descriptor himself; called, he does so no more."""
        socket.on_pong = self._on_pong
        socket.on_pressed = self._on_pressed

    @property
    def is_open(self) -> bool:
        return self._socket.is_open

    @property
    def close_code(self) -> int | None:
        return self._socket.close_code

    @property
    def descriptor(self) -> int:
        """What whole frames may be written to past this object by whoever is in ``steady``; −1: nothing may."""
        is_free = self.is_wide and not self._socket.is_pressed and self._socket.is_open
        return self._socket.descriptor if is_free else -1

    def close(self, code: int, reason: str = "") -> None:
        self._socket.close(code, reason)

    def measure(self) -> None:
        """Find out how long the way to the other side and back is, while nothing is on it."""
        self._socket.write(ping_frame(self._window.mark(self._clock())))

    def narrow(self) -> None:
        """Somebody has fallen behind: send nothing until it is known what arrives."""
        if self.is_wide:
            self.is_wide = False
            self._socket.write(ping_frame(self._window.narrow(self._clock())))
            self.write, self.pending_bytes = self._hold, self._held_bytes
            self._on_change()

    def is_stuck(self, now: float) -> bool:
        """Whether too much was on the way when somebody fell behind."""
        return self._window.is_stuck(now, CLEARED_S)

    def _held_bytes(self) -> int:
        held = sum(len(each) for each in self._held) + self._socket.pending_bytes()
        return held or int(not self._window.room)

    def _hold(self, frames: bytes) -> None:
        self._held.extend(split(frames))
        self._send()

    def _send(self) -> None:
        window, held = self._window, self._held
        while held and (room := window.room):
            head = held.popleft()
            if isinstance(head, bytes) and len(head) <= min(room, window.chunk):
                piece = head
            else:
                size = min(room, window.chunk)
                piece, rest = first_piece(head, size) if isinstance(head, bytes) else next_piece(head, size)
                if rest:
                    held.appendleft(rest)
            mark = window.sent(len(piece), self._clock(), more=bool(held))
            self._socket.write(piece if mark is None else piece + ping_frame(mark))

    def _on_pressed(self) -> None:
        for stop in [*self.steady]:
            stop()

    def _on_pong(self, payload: bytes) -> None:
        self._window.answered(int.from_bytes(payload), self._clock())
        if self.is_wide:
            return
        if self._window.is_wide:
            self._open()
            return
        self._send()
        mark = self._window.overdue(self._clock())
        if mark is not None:
            self._socket.write(ping_frame(mark))
        if not self._held and self._window.room:
            self._on_room()

    def _open(self) -> None:
        """The link is wide: from now on write straight to the socket, after what is held."""
        for each in self._held:
            self._socket.write(each if isinstance(each, bytes) else next_piece(each, len(each))[0])
        self._held.clear()
        self.is_wide = True
        self.write, self.pending_bytes = self._socket.write, self._socket.pending_bytes
        self._on_change()
        self._on_room()
