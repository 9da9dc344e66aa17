"""AlertNames: by which ids a source knows an alert: that of its first message, and those of updates since."""

from sqlalchemy import BindParameter, Connection, bindparam, insert, select

from server.core.alerts import source_key
from server.store import tables
from streams.alert import Alert

_ALERTS, _NAMES = tables.alerts.c, tables.alert_names.c
_SOURCE: BindParameter[str] = bindparam("source")
_NAME: BindParameter[str] = bindparam("source_id")
_FIRST = select(_ALERTS.id).where(_ALERTS.source == _SOURCE, _ALERTS.source_id == _NAME)
_OTHER = select(_NAMES.alert_id).where(_NAMES.source == _SOURCE, _NAMES.source_id == _NAME)
_KEEP = insert(tables.alert_names)


def find(conn: Connection, source: str, alert: Alert) -> str | None:
    """The id of the alert that a message is about: by its own name, else by one that it refers to."""
    own = source_key(alert.source_id)
    if alert.msg_type == "Alert":
        first: str | None = conn.scalar(_FIRST, {"source": source, "source_id": own})
        return first
    names = [own, *(source_key(name) for name in reversed(alert.references))]
    return next((found for name in names if (found := _find(conn, source, name)) is not None), None)


def keep(conn: Connection, source: str, alert: Alert, alert_id: str) -> None:
    """A later message may refer to this one by its own name only."""
    name = source_key(alert.source_id)
    if _find(conn, source, name) is None:
        conn.execute(_KEEP, {"source": source, "source_id": name, "alert_id": alert_id})


def _find(conn: Connection, source: str, name: str) -> str | None:
    named = {"source": source, "source_id": name}
    found: str | None = conn.scalar(_FIRST, named) or conn.scalar(_OTHER, named)
    return found
