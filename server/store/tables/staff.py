"""Staff: people, where they are, their sessions and their bells."""

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Integer, Table, Text

from server.store.tables.base import metadata

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("disabled_ms", BigInteger),
    Column("duty", Text, nullable=False, server_default=""),
    Column("beat", Text, nullable=False, server_default=""),
    Column("agency", Text, nullable=False, server_default=""),
    # Words of core/people.py, with spaces between.
    Column("rights", Text, nullable=False, server_default=""),
)

positions = Table(
    "positions",
    metadata,
    # Where somebody was last, so that a server that starts knows.
    Column("person", Text, primary_key=True),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
    Column("accuracy_m", Float),
    Column("at_ms", BigInteger, nullable=False),
)

push_subscriptions = Table(
    "push_subscriptions",
    metadata,
    # SHA-256 of the endpoint, in hex.
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("people.id"), nullable=False, index=True),
    Column("device", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("p256dh", Text, nullable=False),
    Column("auth", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False),
)

push_rings = Table(
    "push_rings",
    metadata,
    # Whose bell was rung for what, so that one server does it.
    Column("item_id", Text, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("subscription", Text, primary_key=True),
    # When the entry was written that it is rung for.
    Column("at_ms", BigInteger, nullable=False, index=True),
    # Which server answers for it, until when; no time: it is done. And how many servers have.
    Column("server", Text, nullable=False, server_default=""),
    Column("lease_ms", BigInteger, index=True),
    Column("servers", Integer, nullable=False, server_default="1"),
)

sessions = Table(
    "sessions",
    metadata,
    # SHA-256 of the token, in hex: who reads the database can't sign in with it.
    Column("id", Text, primary_key=True),
    Column("person", Text, ForeignKey("people.id"), nullable=False, index=True),
    Column("device", Text, nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("last_seen_ms", BigInteger, nullable=False),
    Column("ends_ms", BigInteger, nullable=False, index=True),
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("id", Text, primary_key=True),
    # SHA-256 of the user name: people type passwords into the wrong field.
    Column("account", Text, nullable=False, index=True),
    Column("at_ms", BigInteger, nullable=False, index=True),
)
