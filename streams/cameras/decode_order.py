"""DecodeOrder: decode timestamps of a stream whose source says presentation timestamps only, as RTP does."""

import itertools
from bisect import insort
from collections import deque
from statistics import median_low

from streams.access_unit import CLOCK_HZ

_MAX_DEPTH = 8
"""Pictures that come before one and are shown after it; encoders use 1 to 4."""
_MEMORY = 16
_CALM = 120
"""Pictures without reordering after which a stream counts as one without B-frames again."""


class DecodeOrder:
    """Finds out by itself how far pictures are reordered (B-frames); without reordering both timestamps are equal.

    With a depth of n, the decode timestamp of a picture is the smallest presentation timestamp not yet used among the
    newest n + 1. Nothing is held back: only numbers wait, not pictures. While the depth is still being learned,
    in the first pictures, decode timestamps creep by a tick each and may be greater than the presentation's.
    """

    def __init__(self) -> None:
        self._recent: deque[int] = deque(maxlen=_MEMORY)
        self._waiting: list[int] = []
        self._depth = 0
        self._calm = 0
        # Both without wraps.
        self._presentation = 0
        self._newest = 0
        self._decode = 0

    def next(self, timestamp: int) -> tuple[int, int]:
        """Decode timestamp and composition offset of the next picture in decode order.

        Args:
            timestamp: presentation, 1/90000 s, wrapping at 2**32, as the decode timestamp does.
        """
        self._presentation += (timestamp - self._presentation + 2**31) % 2**32 - 2**31
        decode = self._place(self._presentation)
        return decode % 2**32, self._presentation - decode

    def _place(self, presentation: int) -> int:
        if self._recent and not self._depth and 0 < presentation - self._newest < 2 * CLOCK_HZ:  # the usual case
            self._remember(presentation)
            self._decode = presentation
            return presentation
        displaced = sum(1 for other in self._recent if other > presentation)
        if not self._recent or not self._fits(presentation, displaced):
            self._recent.clear()
            self._waiting.clear()
            self._depth = 0
            self._remember(presentation)
            self._decode = presentation
            return presentation
        self._calm = 0 if displaced else self._calm + 1
        self._depth = 0 if self._calm > _CALM else max(self._depth, displaced)
        self._remember(presentation)
        insort(self._waiting, presentation)
        if len(self._waiting) <= self._depth:
            self._decode += 1
            return self._decode
        smallest = self._waiting[-self._depth - 1]
        del self._waiting[: -self._depth or None]
        self._decode = max(smallest, self._decode + 1)
        return self._decode

    def _remember(self, presentation: int) -> None:
        self._newest = presentation if not self._recent else max(self._newest, presentation)
        self._recent.append(presentation)

    def _fits(self, presentation: int, displaced: int) -> bool:
        """Whether it goes on, or fills a hole that was left for it; else the clock has jumped."""
        if not displaced:
            return 0 < presentation - self._newest < 2 * CLOCK_HZ
        below = [other for other in self._recent if other < presentation]
        if displaced > _MAX_DEPTH or presentation in self._recent or not below:
            return False
        if len(self._recent) < 4:
            return True
        known = sorted(self._recent)
        usual = median_low([after - before for before, after in itertools.pairwise(known)])
        above = min(other for other in self._recent if other > presentation)
        # A picture between two others leaves half their distance at least, give or take uneven clocks.
        return min(presentation - max(below), above - presentation) * 5 >= usual * 2
