"""Watching: how the cameras are and were, and what checks of their pictures found."""

from sqlalchemy import BigInteger, Column, Index, LargeBinary, Table, Text

from server.store.tables.base import metadata

camera_references = Table(
    "camera_references",
    metadata,
    # What each camera should show; checks compare with it.
    Column("camera", Text, primary_key=True),
    Column("jpeg", LargeBinary, nullable=False),
    # Which masks it was made with: with others it may show what nobody may see.
    Column("masks", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    # "" when the first check has set it.
    Column("set_by", Text, nullable=False),
)

camera_checks = Table(
    "camera_checks",
    metadata,
    Column("camera", Text, primary_key=True),
    Column("at_ms", BigInteger, primary_key=True, autoincrement=False),
    # "" for the daily one.
    Column("asked_by", Text, nullable=False),
    Column("record", Text, nullable=False),
    Index("ix_camera_checks_at_ms", "at_ms"),
)

camera_check_orders = Table(
    "camera_check_orders",
    metadata,
    # Somebody wants it checked, and it was not yet.
    Column("camera", Text, primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("asked_by", Text, nullable=False),
)

camera_changes = Table(
    "camera_changes",
    metadata,
    # From then on it was in this state, until its next row.
    Column("camera", Text, primary_key=True),
    Column("at_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False),
    Index("ix_camera_changes_at_ms", "at_ms"),
)

camera_watches = Table(
    "camera_watches",
    metadata,
    # One row: which server watches over the cameras, until when, and up to when all changes are written.
    Column("id", Text, primary_key=True),
    Column("server", Text, nullable=False),
    Column("lease_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
)
