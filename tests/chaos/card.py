"""Card: an item of the lane, or a receipt about one, as a device was told it. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Card:
    """An alert, push or bulletin as a device was told it."""

    item_id: str
    source_id: str
    """As its sender calls it; of a push or bulletin its id."""
    revision: int
    priority: int = 0
    """0: it is no alert."""
    state: str = "new"
    step: int = -1
    """The one of its ladder that was fired last; -1 when there is none."""
    fired_ms: int = 0
    """When, on the clock of the server: it tells two firings of the same step apart."""
    holders: frozenset[str] = frozenset()
    """The people who have acknowledged this revision."""
    print: str = ""
    """Equal for equal contents only."""
    kind: str = "alert"
    is_over: bool = False
    """A recalled push, an ended bulletin, with nothing left of what it held. (Alerts stay to be read.)"""
    expires_ms: int | None = None

    @classmethod
    def of(cls, kind: str, item: Mapping[str, Any]) -> "Card":
        """From the wire (docs/wire.md §3)."""
        told = hashlib.sha256(json.dumps(item, sort_keys=True).encode()).hexdigest()[:12]
        if kind != "alert":
            is_over = item.get("recalled_ms") is not None or item.get("state", "active") != "active"
            holds = any(item.get(name) for name in _HOLD_CONTENTS)
            return cls(
                kind=kind,
                item_id=item["id"],
                source_id=item["id"],
                revision=item["revision"],
                state=item.get("state", ""),
                print=told,
                is_over=is_over and not holds,
                expires_ms=item["expires_ms"],
            )
        escalation = item.get("escalation") or {}
        progress = item.get("progress", ())
        return cls(
            item_id=item["id"],
            source_id=item["source_id"],
            revision=item["revision"],
            priority=item["priority"],
            state=item.get("state", ""),
            step=escalation.get("step", -1),
            fired_ms=escalation.get("fired_ms") or 0,
            holders=frozenset(one["person"] for one in progress if one["revision"] == item["revision"]),
            print=told,
        )


def cards_of(snapshot: Mapping[str, Any]) -> tuple[Card, ...]:
    """Everything that a snapshot holds (docs/wire.md §5.1)."""
    kinds = {"alert": "alerts", "push": "pushes", "bulletin": "bulletins"}
    return tuple(Card.of(kind, item) for kind, name in kinds.items() for item in snapshot[name])


_HOLD_CONTENTS = ("note", "cameras", "media", "photos", "name", "why", "caution", "legal_basis", "verify")


@dataclass(frozen=True, slots=True)
class Mark:
    """One receipt as a device was told it."""

    item_id: str
    revision: int
    person: str
    device: str
    stage: str

    @classmethod
    def of(cls, receipt: Mapping[str, Any]) -> "Mark":
        return cls(receipt["item_id"], receipt["revision"], receipt["person"], receipt["device"], receipt["stage"])
