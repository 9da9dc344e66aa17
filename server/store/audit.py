"""Audit: rows that are only ever added, each with the hash of the one before."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, select

from server.core import audit
from server.core.audit import GENESIS, AuditEntry, Verification
from server.core.body import storable
from server.core.people import Actor
from server.store import heads, pending, tables

_COLUMNS = tables.audit.c
_LAST = select(_COLUMNS.id, _COLUMNS.hash).order_by(_COLUMNS.id.desc()).limit(1)
_APPEND = insert(tables.audit)

PAGE = 500
MAX_SUBJECT_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Deed:
    """What is to be put on record."""

    actor: Actor
    action: str
    """``noun.verb`` in the past tense."""
    subject: str
    """The id of what was acted upon, such as ``push:ID`` or ``camera:main-4th``."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """Ids, numbers and words that a reviewer needs; no notes, names or pictures."""


def append(
    conn: Connection,
    actor: Actor,
    action: str,
    subject: str,
    details: Mapping[str, Any] | None = None,
    *,
    now_ms: int,
) -> AuditEntry:
    """Add an entry to the chain; the arguments are those of a ``Deed``."""
    (entry,) = append_all(conn, [Deed(actor, action, subject, details or {})], now_ms=now_ms)
    return entry


def append_all(conn: Connection, deeds: Sequence[Deed], *, now_ms: int) -> list[AuditEntry]:
    """Add entries to the chain, in order."""
    last_id, last_hash = heads.of(conn, "audit", _last)
    entries = []
    for deed in deeds:
        entry = audit.seal(
            entry_id=last_id + 1,
            at_ms=now_ms,
            actor=deed.actor.id,
            device=storable(deed.actor.device),
            address=storable(deed.actor.address),
            action=deed.action,
            subject=storable(deed.subject[:MAX_SUBJECT_CHARACTERS]),
            details=storable(audit.details_text(deed.details)),
            previous_hash=last_hash,
        )
        last_id, last_hash = entry.id, entry.hash
        entries.append(entry)
    if entries:
        for entry in entries:
            pending.add(conn, _APPEND, _row(entry))
        heads.moved(conn, "audit", (last_id, last_hash))
    return entries


def _last(conn: Connection) -> tuple[int, str]:
    last = conn.execute(_LAST).first()
    return (last.id, last.hash) if last else (0, GENESIS)


def _row(entry: AuditEntry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in AuditEntry.__slots__}


def page(conn: Connection, after: int = 0, limit: int = PAGE) -> list[AuditEntry]:
    """At most ``limit`` entries that follow the id ``after``, in order."""
    pending.flush(conn, tables.audit)
    query = select(tables.audit).where(_COLUMNS.id > after).order_by(_COLUMNS.id).limit(limit)
    rows = conn.execute(query)
    return [AuditEntry(**row) for row in rows.mappings()]


def verify(conn: Connection, after: int = 0, limit: int | None = None) -> Verification:
    """Recompute the chain behind the entry ``after``: all of it, or ``limit`` entries.

    The entry ``after`` itself is taken as it stands; when it is missing, the chain is broken there.
    """
    pending.flush(conn, tables.audit)
    after_hash = GENESIS
    if after > 0:
        found = conn.scalar(select(_COLUMNS.hash).where(_COLUMNS.id == after))
        if found is None:
            return Verification(0, broken_at=after)
        after_hash = found
    return audit.verify(_entries(conn, after, limit), after_id=after, after_hash=after_hash)


def _entries(conn: Connection, after: int, limit: int | None) -> Iterator[AuditEntry]:
    remaining = limit
    while remaining is None or remaining > 0:
        entries = page(conn, after, PAGE if remaining is None else min(PAGE, remaining))
        yield from entries
        if len(entries) < PAGE:
            return
        after = entries[-1].id
        remaining = None if remaining is None else remaining - len(entries)
