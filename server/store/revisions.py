"""Revisions: what an alert was, one row for each."""

import json

from sqlalchemy import Connection, bindparam, insert, select

from server.core.alerts import AlertRecord
from server.core.body import storable
from server.store import pending, tables

_COLUMNS = tables.alert_revisions.c
_KEEP = insert(tables.alert_revisions)
_OF_ALERT = select(_COLUMNS.record).where(_COLUMNS.alert_id == bindparam("alert_id")).order_by(_COLUMNS.revision)


def keep(conn: Connection, record: AlertRecord, text: str) -> None:
    """
    Args:
        text: the record, as the alert has it.
    """
    row = {
        "alert_id": record.id,
        "revision": record.revision,
        "at_ms": record.revised_ms,
        "by": record.revised_by,
        "record": text,
    }
    pending.add(conn, _KEEP, row)


def of_alert(conn: Connection, alert_id: str) -> list[AlertRecord]:
    """Oldest first; none of alerts of the first release."""
    pending.flush(conn, tables.alert_revisions)
    rows = conn.scalars(_OF_ALERT, {"alert_id": storable(alert_id)})
    return [AlertRecord.from_wire(json.loads(record)) for record in rows]
