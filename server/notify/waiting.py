"""Waiting: rings that are to be looked at, once as soon as can be and once more when devices had time to report."""

import logging
from collections.abc import Callable

from server.notify.ring import Ring
from server.store.standings import Named

logger = logging.getLogger(__name__)

WAIT_MS = 2000
"""How long a device has to report ``delivered`` before it is rung."""
MAX_WAITING = 2000
MAX_AT_ONCE = 50
"""Items in one look."""


class Waiting:
    """Of one item only the newest waits; of too many the least urgent is left out."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._fresh: dict[Named, Ring] = {}
        self._later: dict[Named, tuple[int, Ring]] = {}
        """With the time of the second look, in its order; one for which there is no room gets none."""
        self.left_out = 0
        """Since there was room last."""

    def add(self, ring: Ring) -> None:
        if len(self._fresh) >= MAX_WAITING and ring.item not in self._fresh:
            if not self.left_out:
                logger.error("bells: %d items wait already, the least urgent are left out", MAX_WAITING)
            self.left_out += 1
            if ring.urgency != "high":
                return
            least = max(self._fresh.values(), key=lambda one: one.priority)
            if least.priority <= ring.priority:
                return
            del self._fresh[least.item]
        if (known := self._fresh.get(ring.item)) is None or known.revision <= ring.revision:
            self._fresh[ring.item] = ring

    def look_later(self, ring: Ring) -> None:
        """An item that changes all the time is not put off by it."""
        if ring.item in self._later:
            self._later[ring.item] = self._later[ring.item][0], ring
        elif len(self._later) < MAX_WAITING:
            self._later[ring.item] = self._now_ms() + WAIT_MS, ring

    def look_again(self, ring: Ring) -> None:
        """It could not be looked at: later, while it still matters, unless something newer of it is looked at then."""
        if self._now_ms() < ring.until_ms and ring.item not in self._later:
            self.look_later(ring)

    def __bool__(self) -> bool:
        return bool(self._fresh or self._later)

    @property
    def has_fresh(self) -> bool:
        return bool(self._fresh)

    def wait_s(self) -> float | None:
        """How long until the next second look; None: none waits. Never longer than the wait itself: the clock may be
        set."""
        due_ms = next(iter(self._later.values()))[0] if self._later else None
        return None if due_ms is None else min(max(due_ms - self._now_ms(), 0), WAIT_MS) / 1000

    def take_fresh(self) -> list[Ring]:
        """The most urgent; each will be looked at a second time."""
        fresh = sorted(self._fresh.values(), key=lambda ring: ring.priority)[:MAX_AT_ONCE]
        for ring in fresh:
            del self._fresh[ring.item]
            self.look_later(ring)
        return fresh

    def take_due(self) -> list[Ring]:
        now_ms = self._now_ms()
        # A time that is far ahead was noted before the clock was set back.
        due = [ring for at_ms, ring in self._later.values() if at_ms <= now_ms or at_ms > now_ms + 2 * WAIT_MS][
            :MAX_AT_ONCE
        ]
        for ring in due:
            del self._later[ring.item]
        return due

    def all_taken(self) -> None:
        """Say how many were left out, once there is room again."""
        if self.left_out and not self._fresh:
            logger.warning("bells: %d items were left out", self.left_out)
            self.left_out = 0
