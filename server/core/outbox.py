"""Outbox: what is on the way to one session of /ws/events, in order, each entry once, bounded.

While a session is told what it missed, live entries wait here; afterwards they pass through. A session that does not
read is cut off rather than waited for: it comes back with its position and loses nothing, and nobody else is slowed
down by it. (Waiting for the slowest stops the city; dropping entries breaks the promise of this lane; growing without a
bound ends the process for all.)
"""

MAX_BYTES = 1024 * 1024


class Outbox:
    __slots__ = ("_held", "_held_bytes", "position")

    def __init__(self, position: int) -> None:
        """``position``: what lies before, the session is told by other means."""
        self.position = position
        """Entries up to here have been dealt with: handed out, or found to be of no concern."""
        self._held: list[tuple[int, bytes]] | None = []
        self._held_bytes = 0

    @property
    def is_holding(self) -> bool:
        return self._held is not None

    def offer(self, position: int, frame: bytes | None) -> bytes | None:
        """Pass on or keep the frame of a live entry; None stands for an entry that does not concern the session.

        Returns:
            What is to be written now, if anything: an entry that was dealt with already is not written again.
        """
        if position <= self.position:
            return None
        self.position = position
        if self._held is None or frame is None:
            return frame
        self._held.append((position, frame))
        self._held_bytes += len(frame)
        return None

    def release(self, told: int) -> list[bytes]:
        """End the holding.

        Args:
            told: how far the past was told; live entries up to there are in it.

        Returns:
            The frames that waited behind it, in order.
        """
        held, self._held, self._held_bytes = self._held or [], None, 0
        self.position = max(self.position, told)
        return [frame for position, frame in held if position > told]

    def is_full(self, pending_bytes: int) -> bool:
        """Whether more waits than a session may owe us: here while we hold, which goes on with what the past is told at
        the pace of the socket; in the socket afterwards."""
        return (pending_bytes if self._held is None else self._held_bytes) > MAX_BYTES
