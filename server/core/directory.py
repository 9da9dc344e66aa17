"""Directory: people by what they have in common."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from server.core.people import Person

Groups = Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Directory:
    """Ids by what people have in common."""

    id: Groups
    role: Groups
    unit: Groups
    beat: Groups
    duty: Groups
    agency: Groups
    unit_of: Mapping[str, str]
    officers: frozenset[str]

    @classmethod
    def of(cls, people: Iterable[Person]) -> "Directory":
        people = tuple(people)

        def by(key: Callable[[Person], str]) -> Groups:
            groups: dict[str, set[str]] = {}
            for person in people:
                if key(person):
                    groups.setdefault(key(person), set()).add(person.id)
            return {name: frozenset(ids) for name, ids in groups.items()}

        return cls(
            id=by(lambda person: person.id),
            role=by(lambda person: person.role.value),
            unit=by(lambda person: person.unit),
            beat=by(lambda person: person.beat),
            duty=by(lambda person: person.duty),
            agency=by(lambda person: person.agency),
            unit_of={person.id: person.unit for person in people},
            officers=frozenset(person.id for person in people if not person.is_staff),
        )
