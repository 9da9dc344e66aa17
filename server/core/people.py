"""People: who somebody is, and in whose name something happens."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from server.core.body import text
from server.errors import RequestInvalid

MAX_PASSWORD_CHARACTERS = 1024
MAX_DEVICE_CHARACTERS = 64


class Role(StrEnum):
    OPERATOR = "operator"
    OFFICER = "officer"
    DISPATCHER = "dispatcher"
    ADMIN = "admin"


class Right(StrEnum):
    """Goes with no role: the configuration gives it to persons, by name."""

    LIFT_MASKS = "lift_masks"

    @classmethod
    def read(cls, words: str) -> "frozenset[Right]":
        """As ``write`` made it; words of a newer program are left out."""
        return frozenset(right for right in cls if right in words.split())

    @staticmethod
    def write(rights: "Iterable[Right]") -> str:
        return " ".join(sorted(rights))


STAFF_ROLES = frozenset({Role.OPERATOR, Role.DISPATCHER, Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Person:
    id: str
    name: str
    role: Role
    unit: str = ""
    duty: str = ""
    """One of ``people_config.DUTIES``, or empty: what he is called upon for when an alert climbs, beside his role."""
    beat: str = ""
    """The id of the beat he is assigned to, or empty."""
    agency: str = ""
    rights: frozenset[Right] = frozenset()

    @property
    def is_staff(self) -> bool:
        """Works in the center: sees every alert, push, receipt and camera. Officers see what concerns them."""
        return self.role in STAFF_ROLES

    def to_wire(self, *, device: str = "") -> dict[str, Any]:
        """docs/wire.md §1; ``device`` only when the person himself is told who he is."""
        wire: dict[str, Any] = {"id": self.id, "name": self.name, "role": self.role.value, "unit": self.unit}
        wire |= {name: value for name in ("duty", "beat", "agency") if (value := getattr(self, name))}
        if self.rights:
            wire["rights"] = sorted(self.rights)
        return {**wire, "device": device} if device else wire


@dataclass(frozen=True, slots=True)
class Account:
    """A person of the configuration, with the password it gives him."""

    person: Person
    password: str = field(repr=False)
    """In clear, or already as an argon2 hash (``$argon2id$…``)."""


@dataclass(frozen=True, slots=True)
class Actor:
    """In whose name something happens: a signed-in person, an alert source, or the server itself."""

    person: Person | None = None
    device: str = ""
    address: str = ""
    source: str = ""

    @property
    def id(self) -> str:
        """``officer-12``, ``source:gunshot`` or ``server``."""
        if self.person:
            return self.person.id
        return f"source:{self.source}" if self.source else "server"


@dataclass(frozen=True, slots=True)
class SignIn:
    """The body of ``POST /api/session``."""

    username: str
    password: str = field(repr=False)
    device: str = ""

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "SignIn":
        """
        Raises:
            RequestInvalid: a field is missing, no text or too long.
        """
        device = text(body, "device", max_characters=MAX_DEVICE_CHARACTERS, default="").strip()
        if not device.isprintable():
            raise RequestInvalid("A device name is printable text.", path="device")
        return cls(
            username=text(body, "username", max_characters=200),
            password=text(body, "password", max_characters=MAX_PASSWORD_CHARACTERS),
            device=device,
        )
