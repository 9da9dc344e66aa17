"""AlertNames: by which ids a source knows an alert: that of its first message, and those of updates since."""

from sqlalchemy import BindParameter, Connection, bindparam, insert, select

from server.core.alerts import AlertRecord, source_key
from server.store import heads, pending, tables
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
        # Those that share this transaction wait to be written: they need not be for this.
        first: str | None = _raised(conn).get((source, own))
        return first or conn.scalar(_FIRST, {"source": source, "source_id": own})
    names = [own, *(source_key(name) for name in reversed(alert.references))]
    return next((found for name in names if (found := _find(conn, source, name)) is not None), None)


def raised(conn: Connection, record: AlertRecord) -> None:
    """A new alert is known by its own name from now on."""
    _raised(conn)[record.source, record.source_id] = record.id


def keep(conn: Connection, source: str, alert: Alert, alert_id: str) -> None:
    """A later message may refer to this one by its own name only."""
    name = source_key(alert.source_id)
    if _find(conn, source, name) is None:
        conn.execute(_KEEP, {"source": source, "source_id": name, "alert_id": alert_id})


def _find(conn: Connection, source: str, name: str) -> str | None:
    pending.flush(conn, tables.alerts)
    named = {"source": source, "source_id": name}
    found: str | None = conn.scalar(_FIRST, named) or conn.scalar(_OTHER, named)
    return found


def _raised(conn: Connection) -> dict[tuple[str, str], str]:
    """Ids of the alerts that this transaction has raised, by source and name."""
    return heads.of(conn, "raised", lambda _conn: {})
