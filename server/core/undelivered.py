"""Undelivered: the alerts of priority 1 that were sent to sessions which have not said yet that they have them."""

from collections.abc import Collection, Iterable
from typing import Generic, TypeVar

from server.core.session import Session

S = TypeVar("S", bound=Session)

MAX_ALERTS = 32
"""Of more at once the oldest is forgotten."""


class Undelivered(Generic[S]):
    def __init__(self) -> None:
        self._alerts: dict[tuple[str, int], tuple[set[S], set[S]]] = {}
        """Id and revision of an alert → the sessions that were sent it, and those of them that have not answered."""

    def sent(self, alert_id: str, revision: int, sessions: Collection[S]) -> None:
        """An alert was written to these; who had this revision already has it."""
        for older in [key for key in self._alerts if key[0] == alert_id and key[1] < revision]:
            del self._alerts[older]
        told, waiting = self._alerts.setdefault((alert_id, revision), (set(), set()))
        fresh = set(sessions) - told
        told |= fresh
        waiting |= fresh
        if len(self._alerts) > MAX_ALERTS:
            del self._alerts[next(iter(self._alerts))]

    def delivered(self, session: S, alert_id: str, revision: int) -> None:
        """A device says that it has stored it, or more than that."""
        _, waiting = self._alerts.get((alert_id, revision), (None, None))
        if waiting is not None:
            waiting.discard(session)

    def over(self, alert_id: str) -> None:
        """Nobody has to hurry for this alert any more."""
        for key in [key for key in self._alerts if key[0] == alert_id]:
            del self._alerts[key]

    def left(self, session: S) -> None:
        for told, waiting in self._alerts.values():
            told.discard(session)
            waiting.discard(session)

    def waiting(self) -> Iterable[S]:
        """Those who have not answered, each once."""
        return set[S]().union(*(waiting for _, waiting in self._alerts.values()))
