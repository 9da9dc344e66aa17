"""Told: which sessions were told of an item before, so that what is done about it is not taken for something new."""

from collections.abc import Collection, Hashable
from typing import Generic, TypeVar

S = TypeVar("S", bound=Hashable)

MAX_ITEMS = 32
"""Of more, the one that was spoken of least recently is forgotten; it is told as if it were new then."""


class Told(Generic[S]):
    def __init__(self) -> None:
        self._items: dict[tuple[str, str, int], set[S]] = {}
        """Kind, id and revision → the sessions; the most recent item last."""

    def fresh(self, kind: str, item_id: str, revision: int, sessions: Collection[S]) -> list[S]:
        """Those of the sessions that were not told of this revision before; from now on they were."""
        key = kind, item_id, revision
        told = self._items.pop(key, None)
        if told is None:
            found = list(sessions)
            told = set(sessions)
        else:
            found = [session for session in sessions if session not in told]
            told.update(found)
        self._items[key] = told
        if len(self._items) > MAX_ITEMS:
            del self._items[next(iter(self._items))]
        return found

    def left(self, session: S) -> None:
        """A session is gone."""
        for told in self._items.values():
            told.discard(session)
