"""Alerting: alerts, how they climb, and the sources that are to be heard."""

from sqlalchemy import BigInteger, Column, Float, Index, Integer, LargeBinary, Table, Text, UniqueConstraint

from server.store.tables.base import Count, metadata

alerts = Table(
    "alerts",
    metadata,
    Column("number", Count, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("received_ms", BigInteger, nullable=False, index=True),
    Column("record", Text, nullable=False),
    Column("raw", LargeBinary, nullable=False),  # what the source sent, byte for byte
    Column("audience", Text),  # as it stands; NULL: everybody
    # Equal for alerts that concerned the same people when they came in.
    Column("audience_key", Text),
    Column("expires_ms", BigInteger, index=True),  # NULL when that is never, or it is over already
    UniqueConstraint("source", "source_id", name="uq_alerts_source_source_id"),
    Index("ix_alerts_audience_key_received_ms", "audience_key", "received_ms"),
)

alert_names = Table(
    "alert_names",
    metadata,
    # An update or a cancellation may have an id of its own; those that follow may name only that one.
    Column("source", Text, primary_key=True),
    Column("source_id", Text, primary_key=True),
    Column("alert_id", Text, nullable=False),
)

alert_revisions = Table(
    "alert_revisions",
    metadata,
    # What the alert was, one row for each revision.
    Column("alert_id", Text, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("by", Text, nullable=False),
    Column("record", Text, nullable=False),
)

alert_groups = Table(
    "alert_groups",
    metadata,
    # In a flood: alerts that are shown as one card, by the first of them.
    Column("head_id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("audience_key", Text, nullable=False),
    Column("lat", Float),
    Column("lon", Float),
    Column("last_ms", BigInteger, nullable=False),
    Column("count", Integer, nullable=False),
    Index("ix_alert_groups_source_last_ms", "source", "last_ms"),
)

escalations = Table(
    "escalations",
    metadata,
    # The ladder of one alert: the step that comes next, and when; NULL when it has stopped.
    Column("alert_id", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    # The policy as it was when the ladder began.
    Column("policy", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("started_ms", BigInteger, nullable=False),
    Column("due_ms", BigInteger, index=True),
)

policies = Table(
    "policies",
    metadata,
    Column("name", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("name", Text, primary_key=True),
    Column("heard_ms", BigInteger, nullable=False),
    # The alert that tells of its silence; empty while it is heard.
    Column("silent_alert", Text, nullable=False, server_default=""),
)
