"""Links: what the link of each device carried when it was last here, so that who comes back begins with that."""

from collections.abc import Callable

from streams.rendition import Rendition

KEPT_S = 300.0
MAX_LINKS = 10_000
"""The one that was remembered first is forgotten for another."""


class Links:
    """A connection that breaks off in a tunnel would begin again with more than the link carries, each time."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """
        Args:
            clock: seconds of any origin.
        """
        self._clock = clock
        self._carried: dict[tuple[str, str], tuple[Rendition, float]] = {}

    def left(self, person: str, device: str, carried: Rendition) -> None:
        """The device is gone; its link carried pictures of this rendition."""
        self._carried.pop((person, device), None)
        if carried is not Rendition.SOURCE:
            self._carried[person, device] = carried, self._clock()
            if len(self._carried) > MAX_LINKS:
                del self._carried[next(iter(self._carried))]

    def came(self, person: str, device: str) -> Rendition:
        """What to begin with: ``source`` for one who is not known, or was here long ago."""
        carried, at = self._carried.get((person, device), (Rendition.SOURCE, 0.0))
        return carried if self._clock() - at <= KEPT_S else Rendition.SOURCE
