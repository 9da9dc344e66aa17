"""Audience: whom an entry concerns. Decided once, when the entry is made; never per connection."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from server.core.people import STAFF_ROLES, Person, Role


@dataclass(frozen=True, slots=True)
class Audience:
    """Everybody, or everybody of some roles and some people besides."""

    everybody: bool = False
    roles: frozenset[Role] = frozenset()
    people: frozenset[str] = frozenset()

    @classmethod
    def of_people(cls, people: Iterable[str]) -> "Audience":
        """These people, and the staff of the center, whom everything concerns."""
        return cls(roles=STAFF_ROLES, people=frozenset(people))

    def concerns(self, person: Person) -> bool:
        return self.everybody or person.role in self.roles or person.id in self.people

    def __or__(self, other: "Audience") -> "Audience":
        if self.everybody or other.everybody:
            return EVERYBODY
        return Audience(roles=self.roles | other.roles, people=self.people | other.people)

    @property
    def key(self) -> str:
        """Short, and equal for equal audiences only."""
        return hashlib.sha256(json.dumps(self.to_json()).encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        if self.everybody:
            return {"everybody": True}
        return {"roles": sorted(self.roles), "people": sorted(self.people)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "Audience":
        """Read what ``to_json`` wrote.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        if value.get("everybody"):
            return EVERYBODY
        return cls(roles=frozenset(map(Role, value["roles"])), people=frozenset(map(str, value["people"])))


EVERYBODY = Audience(everybody=True)
STAFF = Audience(roles=STAFF_ROLES)
NOBODY = Audience()
