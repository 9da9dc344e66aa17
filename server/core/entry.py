"""Entry: one place in the log, what stands there, and whom it concerns."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from server.core.audience import EVERYBODY, NOBODY, STAFF, Audience
from server.core.people import Person

Kind = Literal["alert", "push", "bulletin", "receipts", "probe"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is kept; positions are 1, 2, 3, … without holes."""

    position: int
    at_ms: int
    kind: Kind
    payload: Mapping[str, Any]
    """The rest of the message of docs/wire.md §5.2, by its kind: ``{"alert": …}``, ``{"receipts": […]}``."""
    audience: Audience
    text: str = field(default="", init=False, compare=False, repr=False)
    """The payload as JSON where that is at hand, so that it need not be made again; else empty. It goes with *this*
    payload: ``replace`` leaves it behind."""

    @classmethod
    def written(
        cls, position: int, at_ms: int, kind: Kind, payload: Mapping[str, Any], audience: Audience, text: str
    ) -> "Entry":
        """One of which the payload has been made JSON already."""
        entry = cls(position, at_ms, kind, payload, audience)
        object.__setattr__(entry, "text", text)
        return entry

    def payload_for(self, person: Person) -> Mapping[str, Any] | None:
        """The part of the payload that this person gets; None when the entry does not concern him.

        Everybody gets the whole but of ``receipts``, of which an officer gets his own.
        """
        if not self.audience.concerns(person):
            return None
        if self.kind != "receipts" or person.is_staff:
            return self.payload
        own = [receipt for receipt in self.payload["receipts"] if receipt["person"] == person.id]
        return {"receipts": own} if own else None

    @property
    def is_same_for_all(self) -> bool:
        """Whether all whom it concerns get the same message, so that it is made once."""
        return self.kind != "receipts"

    def to_wire(self) -> dict[str, Any]:
        """The message of docs/wire.md §5.2, of the whole payload."""
        return {"type": "entry", "position": self.position, "at_ms": self.at_ms, "kind": self.kind, **self.payload}

    def to_bus(self) -> str:
        """For the other servers."""
        audience = json.dumps(self.audience.to_json(), ensure_ascii=False)
        return f'{self.to_text()[:-1]},"audience":{audience}}}'

    def to_text(self) -> str:
        """``to_wire`` as JSON.

        Raises:
            ValueError: the payload holds a number that JSON has no word for.
        """
        payload = self.text or json.dumps(self.payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return f'{{"type":"entry","position":{self.position},"at_ms":{self.at_ms},"kind":"{self.kind}",{payload[1:]}'

    @classmethod
    def from_bus(cls, message: Mapping[str, Any]) -> "Entry":
        """Read what ``to_bus`` wrote.

        Raises:
            KeyError, TypeError, ValueError: not an entry.
        """
        kind: Kind = message["kind"]
        audience = Audience.from_json(message["audience"])
        return cls(int(message["position"]), int(message["at_ms"]), kind, {kind: message[kind]}, audience)


def first_release_audience(kind: str, payload: Mapping[str, Any]) -> Audience:
    """Whom an entry concerns that was written before audiences were."""
    match kind:
        case "alert":
            return EVERYBODY
        case "push":
            return Audience.of_people(payload["push"]["recipients"])
        case "receipts":
            return STAFF
        case _:
            return NOBODY
