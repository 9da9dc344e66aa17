"""When to come back after a connection was lost (docs/wire.md §9)."""

from collections.abc import Callable

FIRST_S = 0.5
LONGEST_S = 15.0
GOING_AWAY = 1001
SESSION_ENDED = 4500
_UNCHANGED = (1003, 1009)


def may_return(code: int) -> bool:
    """Whether a client that was closed with this code may connect again without anything having changed."""
    return code not in _UNCHANGED and not 4500 <= code < 5000


class Backoff:
    """0.5 s doubling to 15 s, each shortened by up to a half at random, so that clients do not all come at once."""

    def __init__(self, random: Callable[[], float]) -> None:
        """``random`` gives 0 ≤ x < 1."""
        self._random = random
        self._failures = 0

    def delay_s(self, code: int | None = None) -> float:
        """Count one lost connection; the seconds to wait. A server that stops is left at once, for another one."""
        self._failures += 1
        if code == GOING_AWAY and self._failures == 1:
            return 0.0
        longest = min(LONGEST_S, FIRST_S * 2.0 ** min(self._failures - 1, 10))
        return longest * (1 - self._random() / 2)

    def reset(self) -> None:
        """The connection works: what comes next is a new failure."""
        self._failures = 0
