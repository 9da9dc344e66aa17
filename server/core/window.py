"""Window: how many bytes of one connection may be on the way to the other side.

An alert has a socket of its own, but not a link of its own: on the way to a tablet it waits behind every byte of video
that is in the modem's queue before it. So no more video is sent than the link carries in ``TARGET_S`` beyond its round
trip, which is known from *marks*: pings between the bytes, whose answers tell what has arrived and how fast. (BBR's way
of seeing it, a windowed maximum of the delivery rate, but end to end: a proxy that takes everything answers no ping.)

A link that proves to be fast is *wide*: nothing is held back and nothing is marked until somebody falls behind on it.
"""

from collections import deque
from math import inf

TARGET_S = 0.5
START_BYTES = 8 * 1024
"""Before anything is known: one second of 64 kbit/s."""
MIN_BYTES = 2 * 1024
WIDE_BYTES = 256 * 1024
"""A window of this size means 4 Mbit/s or more."""
MIN_CHUNK_BYTES = 1024
"""A little less than a packet, which a mark goes into."""
GROWTH = 5
"""So many times what has just arrived a window may grow by, however fast that was: one lucky burst is no fast link."""
RATE_MEMORY_S = 3.0
MAX_BASE_S = 0.5
"""More than this of a round trip is taken for a queue."""


class Window:
    """``now`` is seconds of any origin. A mark is a number of bytes: so much was sent before it."""

    __slots__ = ("_answered", "_barrier", "_base_s", "_marks", "_rates", "_sent", "size")

    def __init__(self) -> None:
        self.size = START_BYTES
        self._sent = 0
        self._answered = 0
        self._barrier = -1
        """Until this mark is answered, nobody knows what is on the way."""
        self._marks: deque[tuple[int, float, int, bool]] = deque()
        """Mark, when, what was answered then, whether more was waiting then."""
        self._rates: deque[tuple[float, float]] = deque()
        """When and bytes per second, descending; the first is the greatest of the last ``RATE_MEMORY_S``."""
        self._base_s = inf

    @property
    def is_wide(self) -> bool:
        return self.size >= WIDE_BYTES

    @property
    def unanswered(self) -> int:
        """Bytes that may still be on the way."""
        return self._sent - self._answered

    @property
    def chunk(self) -> int:
        """How much is sent in one piece, and at least between two marks."""
        return max(MIN_CHUNK_BYTES, self.size // 4)

    @property
    def room(self) -> int:
        """Bytes that may be sent now; 0 when that is less than a piece."""
        if self._answered < self._barrier:
            return 0
        room = self.size - self.unanswered
        return room if room >= self.chunk or self.unanswered == 0 else 0

    def sent(self, size: int, now: float, *, more: bool) -> int | None:
        """So much was sent.

        Args:
            more: whether something waits for room behind it.

        Returns:
            The mark to be sent after it, if one is due.
        """
        self._sent += size
        marked = self._marks[-1][0] if self._marks else self._answered
        if self._sent - marked < self.chunk:
            return None
        # Where nothing more fits, nothing more is offered either.
        return self.mark(now, more=more or not self.room)

    def mark(self, now: float, *, more: bool = False) -> int:
        """A mark to be sent now, whatever is due."""
        self._marks.append((self._sent, now, self._answered, more))
        return self._sent

    def overdue(self, now: float) -> int | None:
        """A mark to be sent although nothing else is: the window has shrunk below what was sent without one."""
        if self._marks or self.room or self._answered < self._barrier:
            return None
        return self.mark(now, more=True)

    def answered(self, mark: int, now: float) -> None:
        """The other side has read everything before the mark. What was not marked so is not believed."""
        if not any(each[0] == mark for each in self._marks):
            return
        arrived, sent_at, before, more = self._marks.popleft()
        while self._marks and self._marks[0][0] <= mark:
            # The answer to the newest ping may stand for those before (RFC 6455 §5.5.3).
            arrived, sent_at, before, more = self._marks.popleft()
        fresh, self._answered = arrived - self._answered, arrived
        if arrived <= self._barrier:
            return
        took_s = max(now - sent_at, 1e-4)
        self._base_s = min(self._base_s, took_s)
        base_s = min(self._base_s, MAX_BASE_S)
        if took_s > base_s + 2 * TARGET_S:
            # The link has become slower than anything that we remember of it.
            self._rates.clear()
            more = True
        # Only when more was waiting does the rate tell what the link can carry at most.
        rate = (arrived - before) / took_s
        self._learn(rate, now, is_full=more)
        limit = self._rates[0][1] * (base_s + TARGET_S)
        if more:
            self.size = max(MIN_BYTES, int(min(self.size + GROWTH * fresh, limit)))
        else:
            self.size = max(self.size, int(min(self.size + GROWTH * fresh, limit)))

    def narrow(self, now: float) -> int:
        """Somebody has fallen behind: begin anew, when what was sent while the link was wide has arrived.

        Returns:
            The mark to be sent now.
        """
        self.size = START_BYTES
        self._sent += 1
        self._barrier = self._sent
        self._rates.clear()
        return self.mark(now)

    def is_stuck(self, now: float, limit_s: float) -> bool:
        """Whether the mark that tells what was on the way when somebody fell behind has had no answer for so long."""
        return self._answered < self._barrier and bool(self._marks) and now - self._marks[-1][1] > limit_s

    def _learn(self, rate: float, now: float, *, is_full: bool) -> None:
        rates = self._rates
        if is_full:
            while len(rates) > 1 and now - rates[0][0] > RATE_MEMORY_S:
                rates.popleft()
            if rates and now - rates[0][0] > RATE_MEMORY_S:
                rates.clear()
        elif rates and rate <= rates[0][1]:
            return
        while rates and rates[-1][1] <= rate:
            rates.pop()
        rates.append((now, rate))
