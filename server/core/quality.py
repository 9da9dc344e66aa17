"""Quality: which rendition a viewer's link carries, found out in steps that go by themselves.

Down soon, up slowly: three drops in half a minute are one rung down; a while without any is one up, to try it. A try
that fails makes the next one come later, so that a link between two rungs does not swing.
"""

from collections import deque
from math import inf

from streams.rendition import Rendition

RUNGS: tuple[Rendition, ...] = (Rendition.SOURCE, Rendition.P480, Rendition.P240, Rendition.STILLS)
"""Best first."""
DROPS = 3
DROPS_WITHIN_S = 30.0
GOOD_S = 20.0
TRIED_S = 60.0
"""A step down within this time of one up means that the try has failed; after it, that it had held."""
MAX_PATIENCE_S = 640.0


class Quality:
    """``now`` is seconds of any origin."""

    __slots__ = ("_drops", "_good_since", "_rungs", "patience_s", "rung", "tried_at")

    def __init__(self, now: float, rung: Rendition = Rendition.SOURCE) -> None:
        """
        Args:
            rung: what the link has carried before.
        """
        self.rung = rung
        self._rungs = RUNGS
        self._drops: deque[float] = deque(maxlen=DROPS)
        self._good_since = now
        self.patience_s = GOOD_S
        """How long it has to be good before the next try."""
        self.tried_at = -inf
        """When it went up to a rung that it has not gone down from."""

    @property
    def carried(self) -> Rendition:
        """What the link carries: of one who has not gone down the best of all, also where he can't show that."""
        return Rendition.SOURCE if self.rung is self._rungs[0] else self.rung

    def allow(self, rungs: tuple[Rendition, ...]) -> None:
        """Only these from now on, best first: what the client can show. At least one."""
        was_best = self.rung is self._rungs[0]
        self._rungs = rungs
        if was_best:
            self.rung = rungs[0]
        elif self.rung not in rungs:
            # The numbers of the rungs are in the order of the rungs.
            self.rung = next((rung for rung in rungs if rung > self.rung), rungs[-1])

    def dropped(self, rendition: Rendition | None, now: float) -> None:
        """Pictures of this rendition were left out. Those of another than ``rung``, which is still to come, say only
        that the link is not good."""
        self._good_since = now
        if rendition is self.rung:
            self._drops.append(now)

    def starved(self, now: float) -> None:
        """He was given no picture for so long that the next drop is not waited for."""
        self._drops.extend([now] * DROPS)
        self._good_since = now

    def down(self, now: float) -> bool:
        """Take a step down, if it is time for one."""
        if len(self._drops) < DROPS or now - self._drops[0] > DROPS_WITHIN_S or self.rung is self._rungs[-1]:
            return False
        if self.tried_at > -inf:
            has_failed = now - self.tried_at <= TRIED_S
            self.patience_s = min(2 * self.patience_s, MAX_PATIENCE_S) if has_failed else GOOD_S
            self.tried_at = -inf
        self._step(1, now)
        return True

    def wait_like(self, other: "Quality", now: float) -> None:
        """Another one on the same link had to go down: it is no time for this one to go up."""
        self._good_since = now
        self.patience_s = max(self.patience_s, other.patience_s)

    def up(self, now: float) -> bool:
        """Take a step up, if it is time for one."""
        if self.rung is self._rungs[0] or now - self._good_since < self.patience_s:
            return False
        self._step(-1, now)
        self.tried_at = now
        return True

    def _step(self, by: int, now: float) -> None:
        self.rung = self._rungs[self._rungs.index(self.rung) + by]
        self._drops.clear()
        self._good_since = now
