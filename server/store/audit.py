"""Audit: rows that are only ever added, each with the hash of the one before."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, insert, select

from server.core import audit
from server.core.audit import GENESIS, AuditEntry, Verification
from server.core.body import storable
from server.core.people import Actor
from server.store import tables

_COLUMNS = tables.audit.c
_LAST = select(_COLUMNS.id, _COLUMNS.hash).order_by(_COLUMNS.id.desc()).limit(1)
_APPEND = insert(tables.audit)

PAGE = 500
MAX_SUBJECT_CHARACTERS = 200


def append(
    conn: Connection,
    actor: Actor,
    action: str,
    subject: str,
    details: Mapping[str, Any] | None = None,
    *,
    now_ms: int,
) -> AuditEntry:
    """Add an entry to the chain.

    Args:
        action: ``noun.verb`` in the past tense.
        subject: the id of what was acted upon, such as ``push:ID`` or ``camera:main-4th``.
        details: ids, numbers and words that a reviewer needs; no notes, names or pictures.
    """
    last_id, last_hash = last if (last := conn.execute(_LAST).first()) else (0, GENESIS)
    entry = audit.seal(
        entry_id=last_id + 1,
        at_ms=now_ms,
        actor=actor.id,
        device=storable(actor.device),
        address=storable(actor.address),
        action=action,
        subject=storable(subject[:MAX_SUBJECT_CHARACTERS]),
        details=storable(audit.details_text(details or {})),
        previous_hash=last_hash,
    )
    conn.execute(_APPEND, asdict(entry))
    return entry


def page(conn: Connection, after: int = 0, limit: int = PAGE) -> list[AuditEntry]:
    """At most ``limit`` entries that follow the id ``after``, in order."""
    query = select(tables.audit).where(_COLUMNS.id > after).order_by(_COLUMNS.id).limit(limit)
    rows = conn.execute(query)
    return [AuditEntry(**row) for row in rows.mappings()]


def verify(conn: Connection, after: int = 0, limit: int | None = None) -> Verification:
    """Recompute the chain behind the entry ``after``: all of it, or ``limit`` entries.

    The entry ``after`` itself is taken as it stands; when it is missing, the chain is broken there.
    """
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
