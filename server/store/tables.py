"""Tables: what the migrations have made of the database. Changing one needs a new file in migrations/versions."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint

metadata = MetaData()

# SQLite makes only an INTEGER key the row id itself; its integers have 64 bits all the same.
_Count = BigInteger().with_variant(Integer(), "sqlite")

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
    Column("position", _Count, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("payload", Text, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("number", _Count, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("source", Text, nullable=False),
    Column("source_id", Text, nullable=False),
    Column("received_ms", BigInteger, nullable=False, index=True),
    Column("record", Text, nullable=False),
    # What the source sent, byte for byte.
    Column("raw", LargeBinary, nullable=False),
    UniqueConstraint("source", "source_id", name="uq_alerts_source_source_id"),
)

pushes = Table(
    "pushes",
    metadata,
    Column("number", _Count, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("sent_ms", BigInteger, nullable=False, index=True),
    # What was asked for, to compare with when the same id comes again.
    Column("wanted", Text, nullable=False),
    Column("record", Text, nullable=False),
)

push_recipients = Table(
    "push_recipients",
    metadata,
    Column("person", Text, primary_key=True),
    Column("push_number", _Count, ForeignKey("pushes.number"), primary_key=True, autoincrement=False),
    # Until then the push may be live; 0 once it is recalled.
    Column("expires_ms", BigInteger, nullable=False),
)

receipts = Table(
    "receipts",
    metadata,
    # The highest stage of each revision on each device.
    Column("item", Text, primary_key=True),
    Column("item_id", Text, primary_key=True),
    Column("person", Text, primary_key=True),
    Column("device", Text, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("stage", Text, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    # By the server's clock.
    Column("received_ms", BigInteger, nullable=False, index=True),
)

receipt_commands = Table(
    "receipt_commands",
    metadata,
    Column("person", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("answer", Text, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
)

people = Table(
    "people",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("disabled_ms", BigInteger),
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

audit = Table(
    "audit",
    metadata,
    Column("id", _Count, primary_key=True, autoincrement=False),
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
