"""Climbs: the steps of ladders that are due, taken once, however many servers try."""

from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection

from server.core.alerts import AlertRecord, AlertState
from server.core.audience import Audience
from server.core.entry import Entry
from server.core.escalation import EN_ROUTE, Ladder
from server.core.people import Actor
from server.core.planner import Planner
from server.core.timetable import Due
from server.store import alerts, audit, escalations

NEARLY_MS = 1_000
"""Less than this is not waited for once more."""


def climb(conn: Connection, due: Iterable[Due], planner: Planner, now_ms: int) -> list[Entry]:
    """Take the steps that are due and that no other server has taken; to be told by the caller, in order.

    An alert that is shelved rests until its time; one that is over, or that somebody has, stops.
    """
    entries = []
    for each in due:
        ladder = escalations.find(conn, each.alert_id)
        if ladder is None or ladder.due_ms != each.due_ms:
            continue
        found = alerts.find_with_audience(conn, each.alert_id)
        is_waited_for = AlertState.ACKNOWLEDGED if ladder.step == EN_ROUTE else AlertState.NEW
        if found is None or found[0].state is not is_waited_for or found[0].escalation is None:
            escalations.stop(conn, each.alert_id)
            continue
        record, audience = found
        if record.shelved and record.shelved.until_ms > now_ms + NEARLY_MS:
            if record.shelved.until_ms != ladder.due_ms:
                entries.append(_rest(conn, record, audience, ladder, record.shelved.until_ms, now_ms))
            continue
        entries.append(_climb(conn, record, audience, ladder, planner, now_ms, each.late_ms))
    return entries


def _climb(
    conn: Connection,
    record: AlertRecord,
    audience: Audience,
    ladder: Ladder,
    planner: Planner,
    now_ms: int,
    late_ms: int,
) -> Entry:
    climb = planner.climb(record, audience, ladder, now_ms, late_ms=late_ms)
    escalations.move(conn, climb.ladder)
    climbed = replace(record, state=AlertState.NEW, escalation=climb.escalation)
    entry = alerts.keep(conn, climbed, climb.audience, now_ms=now_ms)
    for step in climb.fired:
        details = {
            "policy": ladder.policy.name,
            "step": step,
            "reached": climb.escalation.reached,
            "skipped": step != climb.fired[-1],
            "not_en_route": ladder.step == EN_ROUTE,
        }
        audit.append(conn, Actor(), "alert.escalated", f"alert:{record.id}", details, now_ms=now_ms)
    return entry


def _rest(
    conn: Connection, record: AlertRecord, audience: Audience, ladder: Ladder, until_ms: int, now_ms: int
) -> Entry:
    assert record.escalation, "it has a ladder"
    escalations.move(conn, replace(ladder, due_ms=until_ms))
    resting = replace(record, escalation=replace(record.escalation, next_ms=until_ms))
    return alerts.keep(conn, resting, audience, now_ms=now_ms)
