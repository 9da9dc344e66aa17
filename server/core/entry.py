"""Entry: one place in the log, and what stands there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["alert", "push", "receipts"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that is kept; positions are 1, 2, 3, … without holes."""

    position: int
    at_ms: int
    kind: Kind
    payload: Mapping[str, Any]
    """The rest of the message of docs/wire.md §5.2: ``{"alert": …}``, ``{"push": …}`` or ``{"receipts": […]}``."""

    def to_wire(self) -> dict[str, Any]:
        return {"type": "entry", "position": self.position, "at_ms": self.at_ms, "kind": self.kind, **self.payload}

    @classmethod
    def from_wire(cls, message: Mapping[str, Any]) -> "Entry":
        """Read what ``to_wire`` wrote (on the bus between servers).

        Raises:
            KeyError, TypeError: not an entry.
        """
        kind: Kind = message["kind"]
        return cls(int(message["position"]), int(message["at_ms"]), kind, {kind: message[kind]})
