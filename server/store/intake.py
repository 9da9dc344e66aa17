"""Intake: an alert comes in, for the first time or with something new to say of one that is kept."""

import uuid
from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, insert, select

from server.core import corrections
from server.core.alerts import AlertRecord, source_key
from server.core.audience import STAFF
from server.core.entry import Entry
from server.core.flood import has_own_ladder
from server.core.people import Actor
from server.core.planner import Plan, Planner
from server.store import alert_names, alerts, audit, escalations, groups, heads, log, pending, revisions, tables
from streams.alert import Alert

_NEWEST = select(func.max(tables.alerts.c.number))
_KEEP = insert(tables.alerts)


@dataclass(frozen=True, slots=True)
class Raised:
    """What came of raising an alert; a duplicate has no entry and the record as it is."""

    record: AlertRecord
    entry: Entry | None
    duplicate: bool


def raise_alert(
    conn: Connection,
    alert: Alert,
    *,
    source: str,
    priority: int | None,
    actor: Actor,
    now_ms: int,
    raw: bytes,
    planner: Planner,
) -> Raised:
    """Keep an alert: once for each source and id of that source. What is said otherwise of a known one is its next
    revision (docs/wire.md §7).

    Args:
        priority: as the source said; None takes the rule of docs/wire.md §7.
        raw: what the source sent, byte for byte.
        planner: whom it concerns, and how it climbs.
    """
    message = AlertRecord.of(
        alert,
        alert_id=str(uuid.uuid4()),
        number=heads.of(conn, "alerts", _newest) + 1,
        source=source,
        priority=priority,
        received_ms=now_ms,
        by=actor.person.id if actor.person else "",
    )
    alert_id = alert_names.find(conn, source, alert)
    if alert_id is None:
        if alert.msg_type == "Cancel":
            # Nobody has it on his screen. What it cancels will come under the name that it gives.
            key = source_key(alert.references[0]) if alert.references else message.source_id
            message = replace(corrections.cancelled_before_it_came(message), source_id=key)
        return _raise_new(conn, message, actor=actor, raw=raw, planner=planner)
    present, audience = alerts.known(conn, alert_id)
    if alert.msg_type != "Alert":
        alert_names.keep(conn, source, alert, alert_id)
    revised = corrections.said_again(
        present,
        message,
        revisions.of_alert(conn, present.id),
        has_status=alert.status is not None,
        has_priority=priority is not None,
        now_ms=now_ms,
    )
    if revised is None:
        return Raised(present, None, duplicate=True)
    record, entry = alerts.keep_said(conn, present, revised, audience, actor=actor, planner=planner, now_ms=now_ms)
    return Raised(record, entry, duplicate=False)


def _raise_new(conn: Connection, record: AlertRecord, *, actor: Actor, raw: bytes, planner: Planner) -> Raised:
    now_ms = record.received_ms
    audience_key = None
    if record.state.is_over:
        plan = Plan(STAFF, None, None)
    else:
        plan = planner.plan(record, now_ms)
        audience_key = plan.audience.key
        record = replace(record, escalation=plan.escalation)
        head_id = groups.take(conn, record, audience_key, now_ms)
        if head_id is not None:
            record = replace(record, group_id=head_id)
            head = alerts.find(conn, head_id) if record.priority == 1 else None
            if head is None or not has_own_ladder(record, head):
                plan, record = replace(plan, ladder=None), replace(record, escalation=None)
    wire = record.to_wire()
    text = log.to_json(wire)
    row = {
        "number": record.number,
        "id": record.id,
        "source": record.source,
        "source_id": record.source_id,
        "received_ms": now_ms,
        "record": text,
        "raw": raw,
        "audience": log.to_json(plan.audience.to_json()),
        "audience_key": audience_key,
        "expires_ms": None if record.state.is_over else record.expires_ms,
    }
    pending.add(conn, _KEEP, row)
    heads.moved(conn, "alerts", record.number)
    alert_names.raised(conn, record)
    revisions.keep(conn, record, text)
    if plan.ladder is not None:
        escalations.begin(conn, plan.ladder)
    entry = log.append(conn, "alert", {"alert": wire}, plan.audience, now_ms)
    details = {"position": entry.position, "priority": record.priority, "source": record.source}
    audit.append(conn, actor, "alert.raised", f"alert:{record.id}", details, now_ms=now_ms)
    return Raised(record, entry, duplicate=False)


def _newest(conn: Connection) -> int:
    return conn.scalar(_NEWEST) or 0
