"""ProblemBoard: what is wrong with the alert lane, in words, for the staff and for whoever looks after the machine."""

from collections.abc import Callable

from server.core import wire
from server.core.hub import Hub
from server.lanes.events_session import EventsSession


class ProblemBoard:
    def __init__(self, hub: Hub[EventsSession], *, now_ms: Callable[[], int]) -> None:
        self._hub = hub
        self._now_ms = now_ms
        self._since_ms = now_ms()
        self._problems: dict[str, str] = {}
        self._parts: dict[str, Callable[[], list[str]]] = {}

    def watch(self, about: str, part: Callable[[], list[str]]) -> None:
        """Ask a part what is wrong with it at every ``look``."""
        self._parts[about] = part

    def look(self) -> None:
        """Tell what the parts say of themselves, if it has changed."""
        for about, part in self._parts.items():
            self.say(about, " ".join(part()) or None)

    def say(self, about: str, sentence: str | None) -> None:
        """What is wrong with one thing; None when nothing is any more. Our staff are told of each change at once."""
        if self._problems.get(about) == sentence:
            return
        was_well = not self._problems
        if sentence is None:
            del self._problems[about]
        else:
            self._problems[about] = sentence
        if was_well or not self._problems:
            self._since_ms = self._now_ms()
        frame = self._frame()
        for session in self._hub:
            if session.person.is_staff and session.is_live:
                session.socket.write(frame)

    def problems(self) -> list[str]:
        """Sentences, the oldest first."""
        return list(self._problems.values())

    def greet(self, session: EventsSession) -> None:
        """Tell one who comes, if it is his to know."""
        if session.person.is_staff:
            session.socket.write(self._frame())

    def _frame(self) -> bytes:
        return wire.lane(self.problems(), since_ms=self._since_ms)
