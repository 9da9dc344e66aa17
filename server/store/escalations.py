"""Escalations: the ladder of each alert, one row, so that any server can take the next step and only one does."""

import json
from dataclasses import replace
from functools import lru_cache

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from server.core.alerts import AlertRecord
from server.core.body import storable
from server.core.escalation import Escalation, Ladder
from server.core.policies import Policy
from server.store import log, pending, tables

_COLUMNS = tables.escalations.c
_FORGET = delete(tables.escalations).where(_COLUMNS.alert_id == bindparam("b_alert_id"))
_BEGIN = insert(tables.escalations)
_FIND = select(tables.escalations).where(_COLUMNS.alert_id == bindparam("b_alert_id"))
_WAITING = select(tables.escalations).where(_COLUMNS.due_ms.is_not(None))
_SET = update(tables.escalations).where(_COLUMNS.alert_id == bindparam("b_alert_id"))
_STOP = _SET.values(due_ms=None)
_MOVE = _SET.values(step=bindparam("step"), started_ms=bindparam("started_ms"), due_ms=bindparam("due_ms"))


def begin(conn: Connection, ladder: Ladder) -> None:
    """Keep a ladder in place of what was kept of this alert."""
    stored = {
        "alert_id": ladder.alert_id,
        "revision": ladder.revision,
        "policy": _text(ladder.policy),
        "step": ladder.step,
        "started_ms": ladder.started_ms,
        "due_ms": ladder.due_ms,
    }
    if ladder.revision > 1:  # an alert that was just raised has none
        pending.flush(conn, tables.escalations)
        conn.execute(_FORGET, {"b_alert_id": ladder.alert_id})
    pending.add(conn, _BEGIN, stored)


def move(conn: Connection, ladder: Ladder) -> None:
    """Keep what comes next of a ladder that was found in the same transaction."""
    moved = {"step": ladder.step, "started_ms": ladder.started_ms, "due_ms": ladder.due_ms}
    conn.execute(_MOVE, {"b_alert_id": ladder.alert_id, **moved})


def stop(conn: Connection, alert_id: str) -> None:
    """Nothing comes any more; what has come stays known."""
    pending.flush(conn, tables.escalations)
    conn.execute(_STOP, {"b_alert_id": alert_id})


def find(conn: Connection, alert_id: str) -> Ladder | None:
    pending.flush(conn, tables.escalations)
    row = conn.execute(_FIND, {"b_alert_id": storable(alert_id)}).first()
    return None if row is None else _ladder(row)


def acknowledged(conn: Connection, record: AlertRecord, now_ms: int) -> Escalation | None:
    """Somebody has acknowledged the alert: its ladder stops, or waits for somebody to be on the way.

    Returns:
        How the ladder stands now, for the record; None when it has none.
    """
    ladder = find(conn, record.id)
    if ladder is None or record.escalation is None:
        return record.escalation.stopped() if record.escalation else None
    waiting = ladder.acknowledged(now_ms)
    move(conn, waiting)
    return record.escalation.acknowledged(waiting.due_ms)


def go_on(conn: Connection, record: AlertRecord, now_ms: int) -> Escalation | None:
    """The alert is not shelved any more: what was put off is due.

    Returns:
        How the ladder stands now, for the record; None when it has none.
    """
    ladder = find(conn, record.id)
    if ladder is None or ladder.due_ms is None or record.escalation is None:
        return record.escalation
    due_ms = min(ladder.due_ms, now_ms)
    move(conn, replace(ladder, due_ms=due_ms))
    return replace(record.escalation, next_ms=due_ms)


def waiting(conn: Connection) -> list[Ladder]:
    """All of which something comes yet."""
    pending.flush(conn, tables.escalations)
    return [_ladder(row) for row in conn.execute(_WAITING)]


@lru_cache(maxsize=64)
def _text(policy: Policy) -> str:
    """Of a policy that every other alert climbs by."""
    return log.to_json(policy.to_json())


def _ladder(row: Row[tuple[object, ...]]) -> Ladder:
    return Ladder(
        row.alert_id, row.revision, Policy.from_json(json.loads(row.policy)), row.step, row.started_ms, row.due_ms
    )
