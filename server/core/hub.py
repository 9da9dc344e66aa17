"""Hub: who is connected to this server."""

from collections.abc import Iterator
from typing import Generic, TypeVar

from server.core.session import Session

S = TypeVar("S", bound=Session)


class Hub(Generic[S]):
    """The sessions of this process, one for each device of a person: the newer one wins."""

    def __init__(self) -> None:
        self._sessions: dict[tuple[str, str], S] = {}

    def __iter__(self) -> Iterator[S]:
        return iter(self._sessions.values())

    def __len__(self) -> int:
        return len(self._sessions)

    def join(self, session: S) -> S | None:
        """Take a session in.

        Returns:
            The older one of the same device, which is out now and has to be closed.
        """
        key = (session.person.id, session.device)
        older = self._sessions.get(key)
        self._sessions[key] = session
        return older

    def leave(self, session: S) -> None:
        """Let a session go; one that was replaced is out already."""
        key = (session.person.id, session.device)
        if self._sessions.get(key) is session:
            del self._sessions[key]

    def people(self) -> frozenset[str]:
        """Ids of the people who are connected here."""
        return frozenset(person for person, _ in self._sessions)
