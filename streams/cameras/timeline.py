"""Timeline: decode times that only ever grow, from cameras' clocks that jump, drift, repeat and restart."""

from collections import deque
from dataclasses import dataclass
from statistics import median_low

from streams.access_unit import CLOCK_HZ

_USUAL_TICKS = CLOCK_HZ // 25
_LONGEST_TICKS = 2 * CLOCK_HZ
"""Between two pictures; longer is a jump of the source's clock, unless the camera is that slow (``_is_plausible``)."""
_LONGEST_WAIT_TICKS = 60 * CLOCK_HZ

# How far the timeline may be from the time of arrival before it is bent, and before that is given up.
_AHEAD_S, _BEHIND_S = 0.2, 1.0
_FAR_AHEAD_S, _FAR_BEHIND_S = 2.0, 3.0
_BEND = 20  # 1/20 = 5 %: nobody sees it, and 5 s of lag are gone in 100 s


@dataclass(frozen=True, slots=True)
class Tick:
    dts: int
    """1/90000 s since the timeline began."""
    duration: int
    """1/90000 s since the picture before; at least 1."""
    restarted: bool
    """The relation to the time of arrival was lost here and made anew; ``dts`` goes on without a hole."""


class Timeline:
    """Turns source timestamps into decode times.

    The distance of two source timestamps is taken as it is when it is believable, else the median of the last 32. Where
    that leads away from the time of arrival (camera clocks drift by 1-2 %), distances are bent by 5 % until it fits.
    """

    def __init__(self) -> None:
        self._dts = -_USUAL_TICKS
        self._recent: deque[int] = deque(maxlen=32)
        self._timestamp: int | None = None
        self._arrived_at: float | None = None
        self._anchor_dts = 0
        self._anchor_at = 0.0

    def next(self, timestamp: int | None, arrived_at: float) -> Tick:
        """Place the next picture.

        Args:
            timestamp: 1/90000 s on the source's clock, wrapping at 2**32; None when it gives none.
            arrived_at: seconds, any origin.
        """
        if self._arrived_at is None:
            delta, restarted = _USUAL_TICKS, True
        else:
            waited = round((arrived_at - self._arrived_at) * CLOCK_HZ)
            delta = self._delta(timestamp, waited)
            ahead_s = (self._dts + delta - self._anchor_dts) / CLOCK_HZ - (arrived_at - self._anchor_at)
            restarted = not -_FAR_BEHIND_S <= ahead_s <= _FAR_AHEAD_S
            if not restarted and ahead_s > _AHEAD_S:
                delta -= delta // _BEND
            elif not restarted and ahead_s < -_BEHIND_S:
                delta += delta // _BEND
        self._dts += delta
        self._timestamp, self._arrived_at = timestamp, arrived_at
        if restarted:
            self._anchor_dts, self._anchor_at = self._dts, arrived_at
        return Tick(self._dts, delta, restarted)

    @property
    def dts(self) -> int:
        """Decode time of the newest picture; 0 before the first."""
        return max(0, self._dts)

    def interrupt(self) -> None:
        """The source was lost: nothing that its clock said before means anything for what comes next."""
        self._arrived_at = None
        self._recent.clear()

    def _delta(self, timestamp: int | None, waited: int) -> int:
        if timestamp is None:  # No clock: arrival is all there is.
            return max(1, min(waited, _LONGEST_WAIT_TICKS))
        if self._timestamp is not None:
            delta = (timestamp - self._timestamp) % 2**32
            if self._is_plausible(delta, waited):
                self._recent.append(delta)
                return delta
        return median_low(self._recent) if self._recent else max(1, min(waited, _USUAL_TICKS))

    def _is_plausible(self, delta: int, waited: int) -> bool:
        if not self._recent:
            # The first timestamp of some sources is garbage: what comes after it must fit the time that has passed.
            return delta > 0 and abs(delta - waited) < CLOCK_HZ // 2
        if delta < _LONGEST_TICKS:
            return delta > 0
        # One picture in three seconds is a usual setting of traffic cameras.
        return delta < 2 * median_low(self._recent)
