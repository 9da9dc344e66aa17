"""Policies: one row for each priority, changed by people."""

import json

from sqlalchemy import Connection, func, insert, select, update

from server.core.body import storable
from server.core.people import Actor
from server.core.policies import DEFAULTS, Policy
from server.errors import ConflictRevision, PolicyUnknown
from server.store import audit, log, tables


def seed(conn: Connection, *, now_ms: int) -> None:
    """Begin with the defaults where there is none yet."""
    if conn.scalar(select(func.count()).select_from(tables.policies)):
        return
    for policy in DEFAULTS:
        row = {"name": policy.name, "revision": policy.revision, "body": log.to_json(policy.to_json())}
        conn.execute(insert(tables.policies), {**row, "changed_by": Actor().id, "changed_ms": now_ms})


def everything(conn: Connection) -> tuple[Policy, ...]:
    """All of them, by name."""
    rows = conn.scalars(select(tables.policies.c.body).order_by(tables.policies.c.name))
    return tuple(Policy.from_json(json.loads(body)) for body in rows)


def find(conn: Connection, name: str) -> Policy:
    """
    Raises:
        PolicyUnknown: there is none of this name.
    """
    body = conn.scalar(select(tables.policies.c.body).where(tables.policies.c.name == storable(name)))
    if body is None:
        raise PolicyUnknown("There is no policy of this name; P1, P2, P3 and P4 are there, one for each priority.")
    return Policy.from_json(json.loads(body))


def change(conn: Connection, wanted: Policy, actor: Actor, *, now_ms: int) -> Policy:
    """Put it in place of the one whose revision it names. What is as it was stays, with its revision.

    Raises:
        PolicyUnknown: there is none of this name.
        ConflictRevision: the present one is another than the one it was made from.
    """
    present = find(conn, wanted.name)
    if wanted.revision != present.revision:
        message = f"It has changed meanwhile: revision {present.revision}, not {wanted.revision}."
        raise ConflictRevision(message, item="policy", present=present.to_json())
    if wanted == present:
        return present
    changed = wanted.next_revision()
    row = {"revision": changed.revision, "body": log.to_json(changed.to_json())}
    change = update(tables.policies).where(tables.policies.c.name == changed.name)
    conn.execute(change.values(**row, changed_by=actor.id, changed_ms=now_ms))
    details = {"before": present.to_json(), "after": changed.to_json()}
    audit.append(conn, actor, "policy.changed", f"policy:{changed.name}", details, now_ms=now_ms)
    return changed
