"""Record: the one order of everything, and who did what."""

from sqlalchemy import BigInteger, Column, Table, Text

from server.store.tables.base import Count, metadata

installation = Table(
    "installation",
    metadata,
    # One row. Whoever writes locks it first, so that writers of several processes come one after the other.
    Column("id", Text, primary_key=True),
    Column("made_ms", BigInteger, nullable=False),
)

log = Table(
    "log",
    metadata,
    Column("position", Count, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
    # Whom it concerns; NULL in entries of the first release (core/entry.py).
    Column("audience", Text),
)

audit = Table(
    "audit",
    metadata,
    Column("id", Count, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False, index=True),
    Column("actor", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("details", Text, nullable=False),
    Column("previous_hash", Text, nullable=False),
    Column("hash", Text, nullable=False),
)
