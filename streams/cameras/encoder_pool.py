"""EncoderPool: which renditions of which cameras are encoded, when not all can be. Pure."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from itertools import chain
from math import inf

from streams.rendition import Rendition

LINGER_S = 10.0
"""A rendition is encoded so long after it was last wanted: people come back, and starting costs a picture."""

Wanted = Mapping[int, AbstractSet[Rendition]]
"""By camera number."""


class EncoderPool:
    """Has so many places, one for each rendition of each camera.

    What is encoded and wanted goes on, whoever else asks. A place is given to who asked first; what nobody wants any
    more gives its place up after ``linger_s``, or at once to somebody who wants it.

    Args:
        max_encoders: places.
    """

    def __init__(self, max_encoders: int, *, linger_s: float = LINGER_S) -> None:
        self._max_encoders = max_encoders
        self._linger_s = linger_s
        self._until_s: dict[tuple[int, Rendition], float] = {}
        """Until when each rendition that is encoded goes on; without end while it is wanted."""
        self._refused: dict[tuple[int, Rendition], None] = {}
        """In the order in which they were first asked for."""

    def update(self, wanted: Wanted, now_s: float) -> None:
        """Say what is wanted, all of it. Call it when that changes, and about once a second.

        Args:
            now_s: any origin, never goes back.
        """
        asked = {(number, rendition): None for number, renditions in wanted.items() for rendition in sorted(renditions)}
        for place, until_s in list(self._until_s.items()):
            if place in asked:
                self._until_s[place] = inf
            elif until_s == inf:
                self._until_s[place] = now_s + self._linger_s
            elif until_s <= now_s:
                del self._until_s[place]
        waiting = [place for place in self._refused if place in asked]
        self._refused = {}
        for place in chain(waiting, asked):
            if place in self._until_s:
                continue
            if self._has_room():
                self._until_s[place] = inf
            else:
                self._refused[place] = None

    def encoded(self, camera_number: int) -> frozenset[Rendition]:
        """What is to be encoded of a camera now, with what lingers."""
        return frozenset(rendition for number, rendition in self._until_s if number == camera_number)

    def refused(self, camera_number: int) -> frozenset[Rendition]:
        """What is wanted of a camera and has no place."""
        return frozenset(rendition for number, rendition in self._refused if number == camera_number)

    @property
    def refusal(self) -> str:
        """What those are told who are refused."""
        return (
            f"All {self._max_encoders} encoders of this machine are in use."
            " Others go on; this one begins as soon as one is free."
        )

    def _has_room(self) -> bool:
        if len(self._until_s) < self._max_encoders:
            return True
        first = min(self._until_s, key=self._until_s.__getitem__, default=None)
        if first is None or self._until_s[first] == inf:
            return False
        del self._until_s[first]
        return True
