"""Findings: what the product says for good after everything has healed: the items, their receipts, the audit."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.chaos.card import Card, Mark


@dataclass(frozen=True, slots=True)
class AuditEntry:
    id: int
    actor: str
    device: str
    action: str
    subject: str
    previous_hash: str
    hash: str

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> "AuditEntry":
        return cls(*(entry[name] for name in ("id", "actor", "device", "action", "subject", "previous_hash", "hash")))


@dataclass(frozen=True, slots=True)
class Findings:
    due: tuple[Card, ...]
    """The items as they were when the devices were given time to come to that position."""
    cards: tuple[Card, ...]
    """As they are."""
    marks: tuple[Mark, ...]
    audit: tuple[AuditEntry, ...]
    """From the first on."""
    audit_is_verified: bool
    """What the server itself says of every page."""
