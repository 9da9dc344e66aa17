"""Audit: entries chained by hashes, so that a change or a missing one shows."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

GENESIS = "0" * 64
"""What stands as the previous hash in the first entry."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to what, when, from where. Ids and words only: no note, no picture, no password."""

    id: int
    """1, 2, 3, … without holes."""
    at_ms: int
    actor: str
    device: str
    address: str
    action: str
    """``noun.verb`` in the past tense, such as ``push.sent`` or ``camera.watched``."""
    subject: str
    details: str
    """A JSON object, as the text that was hashed."""
    previous_hash: str
    hash: str

    def to_wire(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "at_ms": self.at_ms,
            "actor": self.actor,
            "device": self.device,
            "address": self.address,
            "action": self.action,
            "subject": self.subject,
            "details": json.loads(self.details),
            "previous_hash": self.previous_hash,
            "hash": self.hash,
        }


@dataclass(frozen=True, slots=True)
class Verification:
    """What came of recomputing a chain."""

    checked: int
    broken_at: int | None = None
    """The id of the first entry that is not what it was, or before which one is missing."""

    @property
    def is_whole(self) -> bool:
        return self.broken_at is None


def details_text(details: Mapping[str, Any]) -> str:
    return json.dumps(details, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def seal(
    *,
    entry_id: int,
    at_ms: int,
    actor: str,
    device: str,
    address: str,
    action: str,
    subject: str,
    details: str,
    previous_hash: str,
) -> AuditEntry:
    """The entry with its hash.

    The hash is SHA-256, in hex, of the JSON array of all other fields in this order (UTF-8, no spaces, only what
    must be escaped is).
    """
    parts = [entry_id, at_ms, actor, device, address, action, subject, details, previous_hash]
    text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
    digest = hashlib.sha256(text.encode()).hexdigest()
    return AuditEntry(entry_id, at_ms, actor, device, address, action, subject, details, previous_hash, digest)


def verify(entries: Iterable[AuditEntry], *, after_id: int = 0, after_hash: str = GENESIS) -> Verification:
    """Recompute the chain of ``entries``, which follow the entry ``after_id`` with ``after_hash``."""
    checked = 0
    for entry in entries:
        expected = seal(
            entry_id=after_id + 1,
            at_ms=entry.at_ms,
            actor=entry.actor,
            device=entry.device,
            address=entry.address,
            action=entry.action,
            subject=entry.subject,
            details=entry.details,
            previous_hash=after_hash,
        )
        if entry != expected:
            return Verification(checked, broken_at=after_id + 1)
        checked += 1
        after_id, after_hash = entry.id, entry.hash
    return Verification(checked)
