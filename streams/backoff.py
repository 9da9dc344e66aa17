"""Backoff: how long to wait before a source is tried again."""

LADDER_S = (1.0,) * 5 + (5.0,) * 5 + (15.0, 30.0)
"""The last one repeats. A camera that restarts is back within seconds of its return; one that is gone costs little."""
JITTER = 0.2
GOOD_RUN_S = 30.0


class Backoff:
    def __init__(self) -> None:
        self._failures = 0

    def next_s(self, chance: float) -> float:
        """Seconds until the next try.

        Args:
            chance: random, 0 to 1; moves the wait by up to 20 %, lest cameras lost together return all at once.
        """
        wait_s = LADDER_S[min(self._failures, len(LADDER_S) - 1)]
        self._failures += 1
        return wait_s * (1 + JITTER * (2 * chance - 1))

    def ran(self, live_s: float) -> None:
        """A try has ended after so many seconds of pictures; a good one starts the ladder anew."""
        if live_s >= GOOD_RUN_S:
            self._failures = 0
