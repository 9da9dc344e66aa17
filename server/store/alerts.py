"""Alerts: keeping what is said of them and done about them, and finding them again. ``intake.py`` raises them."""

import json
from dataclasses import replace

from sqlalchemy import Connection, bindparam, func, select, update

from server.core import life_cycle
from server.core.alerts import AlertRecord, AlertState
from server.core.audience import EVERYBODY, Audience
from server.core.body import storable
from server.core.entry import Entry
from server.core.flood import was_nothing
from server.core.people import Actor, Person
from server.core.planner import Planner
from server.store import audit, escalations, groups, log, pending, revisions, tables

MAX_RECENT = 500
MAX_EXPIRED = 100
"""Alerts that expire in one transaction; the rest follows in the next."""

_COLUMNS = tables.alerts.c
_FIND = select(_COLUMNS.record, _COLUMNS.audience).where(_COLUMNS.id == bindparam("id"))
_CHANGE = (
    update(tables.alerts)
    .where(_COLUMNS.id == bindparam("b_id"))
    .values(record=bindparam("record"), audience=bindparam("audience"), expires_ms=bindparam("expires_ms"))
)
_EXPIRED = select(_COLUMNS.id).where(_COLUMNS.expires_ms <= bindparam("now_ms")).limit(MAX_EXPIRED)
_NEXT_EXPIRY = select(func.min(_COLUMNS.expires_ms))


def keep_said(
    conn: Connection,
    before: AlertRecord,
    after: AlertRecord,
    audience: Audience,
    *,
    actor: Actor,
    planner: Planner,
    now_ms: int,
) -> tuple[AlertRecord, Entry]:
    """Keep the next revision, tell it, and put it on record. Found and kept in the same transaction.

    Whoever had it before is told too: he must see the correction. New again, or less urgent and nobody has it yet, it
    climbs by the policy that fits now; what is over or internal does not climb. At another place it concerns those
    there too.
    """
    is_new_again = before.state is not AlertState.NEW or before.is_internal or after.priority < before.priority
    is_new_again = is_new_again or (before.shelved is not None and after.shelved is None)
    if after.state.is_over or after.is_internal:
        after = _stopped(conn, after)
    elif after.state is AlertState.NEW and (is_new_again or after.priority > before.priority):
        plan = planner.plan(after, now_ms)
        audience = audience | plan.audience
        after = replace(after, escalation=planner.counted(plan.escalation, audience))
        if plan.ladder is not None:
            escalations.begin(conn, plan.ladder)
        else:
            escalations.stop(conn, after.id)
    elif after.state is AlertState.NEW and after.point != before.point and (ladder := escalations.find(conn, after.id)):
        audience = planner.elsewhere(after, audience, ladder, now_ms)
        after = replace(after, escalation=planner.counted(after.escalation, audience))
    if was_nothing(before, after):
        _pass_on(conn, before.group_id or before.id, planner, now_ms)
    revisions.keep(conn, after, log.to_json(after.to_wire()))
    entry = keep(conn, after, audience, now_ms=now_ms)
    details = {
        "position": entry.position,
        "revision": after.revision,
        "priority": after.priority,
        "fields": [change.field for change in after.changes],
    }
    audit.append(conn, actor, _word(before, after), f"alert:{after.id}", details, now_ms=now_ms)
    return after, entry


def keep_done(
    conn: Connection, before: AlertRecord, after: AlertRecord, audience: Audience, *, now_ms: int
) -> tuple[AlertRecord, Entry]:
    """Keep what was done about an alert and tell it; the caller puts it on record. Found in the same transaction."""
    if after.state is not before.state:
        if after.state is AlertState.ACKNOWLEDGED and not after.is_internal:
            after = replace(after, escalation=escalations.acknowledged(conn, after, now_ms))
        else:
            after = _stopped(conn, after)
    elif after.shelved is None and before.shelved and before.shelved.until_ms > now_ms:
        after = replace(after, escalation=escalations.go_on(conn, after, now_ms))
    return after, keep(conn, after, audience, now_ms=now_ms)


def keep(conn: Connection, record: AlertRecord, audience: Audience, *, now_ms: int) -> Entry:
    """Replace what is kept of an alert and tell it. The caller has found it in the same transaction."""
    wire = record.to_wire()
    change = {
        "b_id": record.id,
        "record": log.to_json(wire),
        "audience": log.to_json(audience.to_json()),
        "expires_ms": None if record.state.is_over else record.expires_ms,
    }
    conn.execute(_CHANGE, change)
    if record.state.is_over:
        groups.end(conn, record.id)
    return log.append(conn, "alert", {"alert": wire}, audience, now_ms)


def expire_due(conn: Connection, now_ms: int) -> list[Entry]:
    """End those whose time is up; the entries that tell it."""
    pending.flush(conn, tables.alerts)
    entries = []
    for alert_id in conn.scalars(_EXPIRED, {"now_ms": now_ms}).all():
        before, audience = known(conn, alert_id)
        _, entry = keep_done(conn, before, life_cycle.expired(before, now_ms), audience, now_ms=now_ms)
        details = {"position": entry.position, "was": before.state}
        audit.append(conn, Actor(), "alert.expired", f"alert:{alert_id}", details, now_ms=now_ms)
        entries.append(entry)
    return entries


def next_expiry(conn: Connection) -> int | None:
    """When the next one expires; None: none of those that are not over."""
    at_ms: int | None = conn.scalar(_NEXT_EXPIRY)
    return at_ms


def find(conn: Connection, alert_id: str) -> AlertRecord | None:
    found = find_with_audience(conn, alert_id)
    return found[0] if found else None


def find_with_audience(conn: Connection, alert_id: str) -> tuple[AlertRecord, Audience] | None:
    """The alert as it stands, and whom it concerns."""
    pending.flush(conn, tables.alerts)
    row = conn.execute(_FIND, {"id": storable(alert_id)}).first()
    return None if row is None else (AlertRecord.from_wire(json.loads(row.record)), _audience(row.audience))


def known(conn: Connection, alert_id: str) -> tuple[AlertRecord, Audience]:
    """As ``find_with_audience``, of one whose id was read in this transaction."""
    found = find_with_audience(conn, alert_id)
    assert found is not None, "its id was read in this transaction"
    return found


def recent(
    conn: Connection, *, since_ms: int, person: Person | None = None, limit: int = MAX_RECENT
) -> list[AlertRecord]:
    """Those received at or after ``since_ms``, newest first; with ``person``, those that concern him."""
    pending.flush(conn, tables.alerts)
    query = select(_COLUMNS.record, _COLUMNS.audience).where(_COLUMNS.received_ms >= since_ms)
    found: list[AlertRecord] = []
    concerns: dict[str | None, bool] = {}
    # Few audiences are different: each is read once.
    for row in conn.execute(query.order_by(_COLUMNS.number.desc())).yield_per(MAX_RECENT):
        if person is not None and row.audience not in concerns:
            concerns[row.audience] = _audience(row.audience).concerns(person)
        if person is None or concerns[row.audience]:
            found.append(AlertRecord.from_wire(json.loads(row.record)))
            if len(found) == limit:
                break
    return found


def _stopped(conn: Connection, record: AlertRecord) -> AlertRecord:
    if record.escalation is None or record.escalation.over:
        return record
    escalations.stop(conn, record.id)
    return replace(record, escalation=record.escalation.stopped())


def _pass_on(conn: Connection, group_id: str, planner: Planner, now_ms: int) -> None:
    """The alert that climbed for a group was nothing: the next one climbs, and sounds, for it was silent until now.

    Its entry stands before that of the other: whoever is told of that one reads both.
    """
    following = groups.next_to_climb(conn, group_id, now_ms)
    if following is None:
        return
    record, audience = known(conn, following.id)
    plan = planner.plan(record, now_ms)
    if plan.ladder is None or plan.escalation is None:
        return
    escalations.begin(conn, plan.ladder)
    audience = audience | plan.audience
    escalation = planner.counted(replace(plan.escalation, sound=True), audience)
    entry = keep(conn, replace(record, escalation=escalation), audience, now_ms=now_ms)
    details = {"position": entry.position, "policy": plan.escalation.policy, "group": group_id}
    audit.append(conn, Actor(), "alert.climbs_for_group", f"alert:{record.id}", details, now_ms=now_ms)


def _word(before: AlertRecord, after: AlertRecord) -> str:
    """What the audit calls a revision."""
    if after.state is AlertState.CANCELLED and before.state is not AlertState.CANCELLED:
        return "alert.cancelled"
    if after.priority < before.priority:
        return "alert.upgraded"
    if after.priority > before.priority:
        return "alert.downgraded"
    return "alert.reopened" if before.state.is_over and not after.state.is_over else "alert.updated"


def _audience(text: str | None) -> Audience:
    return EVERYBODY if text is None else Audience.from_json(json.loads(text))
