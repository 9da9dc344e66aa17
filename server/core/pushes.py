"""Pushes: live cameras that somebody in the center puts on officers' tablets."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from server.core.body import client_id, json_kind, text, texts
from server.core.people import Person
from server.errors import PushNoRecipient, RequestInvalid

LIFETIME_MS = 8 * 3600 * 1000
MAX_CAMERAS = 9
MAX_NOTE_CHARACTERS = 500
MAX_RECIPIENTS = 1000


@dataclass(frozen=True, slots=True)
class PushOrder:
    """The body of ``POST /api/pushes``, checked as far as it can be without knowing cameras and people."""

    id: str
    cameras: tuple[str, ...]
    people: tuple[str, ...]
    units: tuple[str, ...]
    note: str = ""
    alert_id: str | None = None

    @classmethod
    def parse(cls, body: Mapping[str, Any]) -> "PushOrder":
        """
        Raises:
            RequestInvalid: a field is missing or of the wrong kind, too many cameras, a note too long.
            PushNoRecipient: neither people nor units.
        """
        to = body.get("to")
        if not isinstance(to, Mapping):
            raise RequestInvalid(f"'to' must be an object with people or units, not {json_kind(to)}.", path="to")
        cameras = texts(body, "cameras", max_items=MAX_CAMERAS, max_characters=200)
        if not cameras:
            raise RequestInvalid(f"A push needs 1 to {MAX_CAMERAS} cameras.", path="cameras")
        people = texts(to, "people", max_items=MAX_RECIPIENTS, max_characters=200, path="to")
        units = texts(to, "units", max_items=MAX_RECIPIENTS, max_characters=200, path="to")
        if not people and not units:
            raise PushNoRecipient("A push needs at least one person or unit.", path="to")
        return cls(
            id=client_id(body, "id"),
            cameras=cameras,
            people=people,
            units=units,
            note=text(body, "note", max_characters=MAX_NOTE_CHARACTERS, default="").strip(),
            alert_id=text(body, "alert_id", max_characters=64, default="") or None,
        )

    def to_json(self) -> dict[str, Any]:
        """What is compared when the same id comes again."""
        return {
            "cameras": list(self.cameras),
            "people": list(self.people),
            "units": list(self.units),
            "note": self.note,
            "alert_id": self.alert_id,
        }


@dataclass(frozen=True, slots=True)
class PushCamera:
    """A camera as a push names it."""

    id: str
    number: int
    name: str

    def to_wire(self) -> dict[str, Any]:
        return {"id": self.id, "number": self.number, "name": self.name}


@dataclass(frozen=True, slots=True)
class PushRecord:
    """A push as it stands; docs/wire.md §3."""

    id: str
    number: int
    revision: int
    alert_id: str | None
    cameras: tuple[PushCamera, ...]
    note: str
    recipients: tuple[str, ...]
    """Ids of people, units already resolved; sorted."""
    sent_by: str
    sent_ms: int
    expires_ms: int
    recalled_by: str | None = None
    recalled_ms: int | None = None

    @property
    def is_recalled(self) -> bool:
        return self.recalled_ms is not None

    def is_live(self, now_ms: int) -> bool:
        """Whether it still lets its recipients watch."""
        return not self.is_recalled and now_ms < self.expires_ms

    def recalled(self, *, by: str, now_ms: int) -> "PushRecord":
        """The next revision, recalled; a recalled one stays as it is."""
        if self.is_recalled:
            return self
        return replace(self, revision=self.revision + 1, recalled_by=by, recalled_ms=now_ms)

    def to_wire(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "number": self.number,
            "revision": self.revision,
            "alert_id": self.alert_id,
            "cameras": [camera.to_wire() for camera in self.cameras],
            "note": self.note,
            "recipients": list(self.recipients),
            "sent_by": self.sent_by,
            "sent_ms": self.sent_ms,
            "recalled_by": self.recalled_by,
            "recalled_ms": self.recalled_ms,
            "expires_ms": self.expires_ms,
        }

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> "PushRecord":
        """Read what ``to_wire`` wrote."""
        return cls(
            **{
                **wire,
                "cameras": tuple(PushCamera(**camera) for camera in wire["cameras"]),
                "recipients": tuple(wire["recipients"]),
            }
        )


def pushes_for(person: Person, pushes: Iterable[PushRecord]) -> list[PushRecord]:
    """Those that concern him, in the order given."""
    return [push for push in pushes if person.is_staff or person.id in push.recipients]
