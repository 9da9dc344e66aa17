"""Hub: who is connected to this server, and who of them gets entries as they come."""

from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from server.core.audience import Audience
from server.core.people import STAFF_ROLES, Role
from server.core.session import Session

S = TypeVar("S", bound=Session)


class Hub(Generic[S]):
    """The sessions of this process, one for each device of a person: the newer one wins.

    Those that are *live* are found by person and by role: whom an entry concerns costs a look for each of them, and
    none for anybody else.
    """

    def __init__(self) -> None:
        self._sessions: dict[tuple[str, str], S] = {}
        self._by_role: dict[Role, dict[S, None]] = {role: {} for role in Role}
        self._by_person: dict[str, list[S]] = {}

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
        if older is not None:
            self.rest(older)
        self._sessions[key] = session
        return older

    def leave(self, session: S) -> None:
        """Let a session go; one that was replaced is out already."""
        self.rest(session)
        key = (session.person.id, session.device)
        if self._sessions.get(key) is session:
            del self._sessions[key]

    def find(self, person_id: str, device: str) -> S | None:
        return self._sessions.get((person_id, device))

    def people(self) -> frozenset[str]:
        """Ids of the people who are connected here."""
        return frozenset(person for person, _ in self._sessions)

    # --- live ones

    def go_live(self, session: S) -> None:
        """It has been told the past and gets entries from now on; one that is out by now does not."""
        if session.is_live or self.find(session.person.id, session.device) is not session:
            return
        session.is_live = True
        self._by_role[session.person.role][session] = None
        self._by_person.setdefault(session.person.id, []).append(session)

    def rest(self, session: S) -> None:
        """It gets no entries as they come, until it is live again."""
        if not session.is_live:
            return
        session.is_live = False
        del self._by_role[session.person.role][session]
        same = self._by_person[session.person.id]
        same.remove(session)
        if not same:
            del self._by_person[session.person.id]

    def concerned(self, audience: Audience) -> list[S]:
        """The live sessions of an audience, each once."""
        if audience.everybody:
            return [session for each in self._by_role.values() for session in each]
        found = [session for role in audience.roles for session in self._by_role[role]]
        if audience.people:
            for person in self._by_person.keys() & audience.people:
                found += [session for session in self._by_person[person] if session.person.role not in audience.roles]
        return found

    def live_of(self, people: Iterable[str]) -> list[S]:
        """The live sessions of these people."""
        return [session for person in people for session in self._by_person.get(person, ())]

    def staff(self) -> list[S]:
        """The live sessions of the staff of the center."""
        return [session for role in STAFF_ROLES for session in self._by_role[role]]
