"""Sources: when each was heard last, and the alert that tells of its silence."""

from dataclasses import dataclass

from sqlalchemy import Connection, insert, select, update

from server.config import OWN_SOURCE
from server.core import life_cycle
from server.core.entry import Entry
from server.core.people import Actor
from server.core.planner import Planner
from server.core.silence import SilentSource
from server.store import alerts, audit, intake, tables

_COLUMNS = tables.sources.c
PRIORITY = 2
CLOCKS_APART_MS = 60_000
"""Heard so far in the future: a clock was set back, and the time says nothing."""


@dataclass(frozen=True, slots=True)
class Heard:
    heard_ms: int
    is_silent: bool
    """An alert tells so."""


def begin(conn: Connection, names: list[str], *, now_ms: int) -> None:
    """The silence of one that was never heard counts from now."""
    known = set(conn.scalars(select(_COLUMNS.name)))
    rows = [{"name": name, "heard_ms": now_ms, "silent_alert": ""} for name in names if name not in known]
    if rows:
        conn.execute(insert(tables.sources), rows)


def everything(conn: Connection) -> dict[str, Heard]:
    """By name."""
    return {row.name: Heard(row.heard_ms, bool(row.silent_alert)) for row in conn.execute(select(tables.sources))}


def heard(conn: Connection, name: str, now_ms: int) -> Entry | None:
    """It was heard. The alert that told of its silence is closed by it, whichever server heard it; to be told."""
    row = conn.execute(select(tables.sources).where(_COLUMNS.name == name)).one()
    change = update(tables.sources).where(_COLUMNS.name == name)
    # A clock that was set back must not make it silent.
    conn.execute(change.values(heard_ms=now_ms, silent_alert=""))
    found = alerts.find_with_audience(conn, row.silent_alert) if row.silent_alert else None
    if found is None or found[0].state.is_over:
        return None
    record, audience = found
    closed = life_cycle.closed(record, Actor().id, now_ms=now_ms)
    audit.append(conn, Actor(), "alert.closed", f"alert:{record.id}", {"source": name}, now_ms=now_ms)
    return alerts.keep(conn, closed, audience, now_ms=now_ms)


def silent(conn: Connection, source: SilentSource, planner: Planner, now_ms: int) -> Entry | None:
    """Raise the alert, unless another server has heard it, or has raised the alert."""
    row = conn.execute(select(tables.sources).where(_COLUMNS.name == source.name)).one()
    if row.silent_alert or -CLOCKS_APART_MS < now_ms - row.heard_ms < source.limit_ms:
        return None
    raised = intake.raise_alert(
        conn,
        source.alert(row.heard_ms),
        source=OWN_SOURCE,
        priority=PRIORITY,
        actor=Actor(),
        now_ms=now_ms,
        raw=b"",
        planner=planner,
    )
    change = update(tables.sources).where(_COLUMNS.name == source.name)
    conn.execute(change.values(silent_alert=raised.record.id))
    return raised.entry
