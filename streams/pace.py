"""Pace: how often pictures of a camera come, and so after how long without one it has fallen silent. Pure."""

from collections import deque
from math import ceil
from statistics import median_low

LONGEST_S = 60.0
"""Nobody waits longer, however slow a camera was."""
_GAPS = 3
"""So many of its usual gaps in a row are no accident."""


class Pace:
    """Of the last 32 gaps the middle one counts: one long pause does not make a camera slow."""

    def __init__(self) -> None:
        self._gaps_s: deque[float] = deque(maxlen=32)
        self._at_s: float | None = None

    def picture(self, at_s: float) -> None:
        """One has come, at this time of any clock that is never set back."""
        if self._at_s is not None:
            self._gaps_s.append(at_s - self._at_s)
        self._at_s = at_s

    def interrupt(self) -> None:
        """The camera was lost: until the next picture is no gap of its own."""
        self._at_s = None

    def patience_s(self, least_s: float) -> float:
        """So long without a picture, in whole seconds where it is more than ``least_s``, and the camera is silent."""
        slow_s = _GAPS * median_low(self._gaps_s) if self._gaps_s else 0.0
        return float(ceil(min(slow_s, LONGEST_S))) if slow_s > least_s else least_s

    def first_patience_s(self, least_s: float) -> float:
        """The same for one who would have to connect anew, and to begin again: before the second picture nobody knows
        how slow a camera is."""
        return self.patience_s(least_s) if self._gaps_s else _GAPS * least_s
