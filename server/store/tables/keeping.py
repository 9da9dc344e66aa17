"""Keeping: what of the pictures is kept."""

from sqlalchemy import BigInteger, Column, Integer, Table, Text

from server.store.tables.base import Count, metadata

clips = Table(
    "clips",
    metadata,
    Column("number", Count, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("alert_id", Text, index=True),
    Column("camera", Text, nullable=False, index=True),
    Column("asked_by", Text, nullable=False),
    Column("asked_ms", BigInteger, nullable=False, index=True),
    Column("state", Text, nullable=False, index=True),
    # What was asked for, to compare with when the same id comes again.
    Column("wanted", Text, nullable=False),
    Column("record", Text, nullable=False),
    # The signed text; NULL until it is kept.
    Column("manifest", Text),
    # Its name in the store of clips, as long as it may lie there.
    Column("file", Text),
    # When it is to be removed; NULL: not yet known, never, or done.
    Column("due_ms", BigInteger, index=True),
    # Which server records it, until when; NULL: none does. And how many have tried.
    Column("server", Text, nullable=False, server_default=""),
    Column("lease_ms", BigInteger),
    Column("turn", Integer, nullable=False, server_default="0"),
)
