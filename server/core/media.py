"""Media: what is known of a photo beside its bytes, and who may open it."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from server.core.audience import Audience
from server.core.people import Person

Item = Literal["push", "bulletin"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A photo as it is kept; docs/wire.md §3 (``media``)."""

    id: str
    """SHA-256 of its JPEG, in hex."""
    width: int
    height: int
    size_bytes: int
    thumbnail: bytes
    """JPEG, at most 8 kB."""
    made_by: str
    """Who sent it first."""
    made_ms: int

    def to_wire(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "width": self.width,
            "height": self.height,
            "bytes": self.size_bytes,
            "thumbnail": base64.b64encode(self.thumbnail).decode(),
        }


@dataclass(frozen=True, slots=True)
class Use:
    """A push or bulletin that shows a photo."""

    item: Item
    item_id: str
    is_live: bool
    """Neither recalled nor cancelled nor expired."""
    audience: Audience

    @property
    def subject(self) -> str:
        """As the audit names it."""
        return f"{self.item}:{self.item_id}"


def may_open(person: Person, uses: Sequence[Use]) -> bool:
    """Nobody opens a photo of which every item has ended. Staff open the others, officers what concerns them.

    Args:
        uses: all there are; of a photo without any, only staff can be about to send it.
    """
    if not uses:
        return person.is_staff
    return bool(opened_by(person, uses))


def opened_by(person: Person, uses: Sequence[Use]) -> list[Use]:
    """Those that let him open the photo."""
    return [use for use in uses if use.is_live and (person.is_staff or use.audience.concerns(person))]
