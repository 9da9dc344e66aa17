"""Timetable: when the next step of each ladder is due, on a clock of this server that nobody sets.

The log holds times of the wall clocks of all servers, and a wall clock can be set in the middle of a ladder. What
counts is how long there was to go when an entry was written; it is heard a moment later, at most a second (no bus).
"""

import heapq
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Due:
    """The step of a ladder whose time has come."""

    alert_id: str
    due_ms: int
    """As it stands in the log: it names the step."""
    late_ms: int


class Timetable:
    """``now_ms`` is of the clock that nobody sets."""

    def __init__(self) -> None:
        self._rows: dict[str, tuple[int, int]] = {}
        """By alert: when on our clock, and the time in the log."""
        self._heap: list[tuple[int, str, int]] = []
        """The same; what is not in ``_rows`` any more is left where it is until its time comes."""

    def told(self, alert_id: str, due_ms: int | None, *, told_ms: int, now_ms: int) -> None:
        """An entry that was written at ``told_ms`` says when the next step is due; None: nothing comes.

        One that says what is known was written later, perhaps by another clock: it changes nothing.
        """
        if due_ms is None:
            self._rows.pop(alert_id, None)
        elif not self._knows(alert_id, due_ms):
            self._add(alert_id, due_ms, now_ms + due_ms - told_ms)

    def found(self, alert_id: str, due_ms: int, *, delay_ms: int, wall_ms: int, now_ms: int) -> None:
        """A row of the table says so, nobody knows since when; what entries have told is newer.

        To be called when all entries have been told that made the table what it was.

        Args:
            wall_ms: of this server, at the moment ``now_ms``.
            delay_ms: how long it is at most from the step before: when more is to go, the clock was set back.
        """
        if alert_id not in self._rows:
            self._add(alert_id, due_ms, now_ms + min(due_ms - wall_ms, delay_ms))

    def take(self, now_ms: int, limit: int) -> list[Due]:
        """What is due, oldest first; it is not known any more."""
        due: list[Due] = []
        while self._heap and self._heap[0][0] <= now_ms and len(due) < limit:
            at_ms, alert_id, due_ms = heapq.heappop(self._heap)
            if self._rows.get(alert_id) == (at_ms, due_ms):
                del self._rows[alert_id]
                due.append(Due(alert_id, due_ms, now_ms - at_ms))
        return due

    def put_back(self, due: Due, taken_ms: int) -> None:
        """It was taken at ``taken_ms`` and could not be done; since when it is late stays known."""
        if due.alert_id not in self._rows:
            self._add(due.alert_id, due.due_ms, taken_ms - due.late_ms)

    def next_ms(self) -> int | None:
        """When to look again; that may be for something that is not due any more."""
        return self._heap[0][0] if self._heap else None

    def _knows(self, alert_id: str, due_ms: int) -> bool:
        row = self._rows.get(alert_id)
        return row is not None and row[1] == due_ms

    def _add(self, alert_id: str, due_ms: int, at_ms: int) -> None:
        self._rows[alert_id] = (at_ms, due_ms)
        heapq.heappush(self._heap, (at_ms, alert_id, due_ms))
