"""Tables: what the migrations have made of the database. Changing one needs a new file in migrations/versions."""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

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
    # Whom it concerns; NULL in entries of the first release (core/entry.py).
    Column("audience", Text),
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

commands = Table(
    "commands",
    metadata,
    # The answer to a command of a person, to be given again when its id comes again.
    Column("person", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("wanted", Text, nullable=False),
    Column("answer", Text, nullable=False),
    Column("received_ms", BigInteger, nullable=False, index=True),
)

bulletins = Table(
    "bulletins",
    metadata,
    Column("number", _Count, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False, unique=True),
    Column("sent_ms", BigInteger, nullable=False, index=True),
    Column("expires_ms", BigInteger, nullable=False, index=True),
    # Cancelled or expired: from then on nobody can open it.
    Column("ended_ms", BigInteger, index=True),
    Column("wanted", Text, nullable=False),
    Column("record", Text, nullable=False),
    Column("audience", Text, nullable=False),
)

media = Table(
    "media",
    metadata,
    # SHA-256 of the picture, in hex; its bytes are in the folder.
    Column("id", Text, primary_key=True),
    Column("width", Integer, nullable=False),
    Column("height", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("thumbnail", LargeBinary, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("made_ms", BigInteger, nullable=False, index=True),
    # NULL once something has shown it.
    Column("unused_since_ms", BigInteger, index=True),
)

media_uses = Table(
    "media_uses",
    metadata,
    Column("media_id", Text, ForeignKey("media.id"), primary_key=True),
    Column("item", Text, primary_key=True),
    Column("item_id", Text, primary_key=True),
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
    # "device", or "radio" when dispatch has said it for the person; then `by` is who.
    Column("via", Text, nullable=False, server_default="device"),
    Column("by", Text, nullable=False, server_default=""),
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
    Column("duty", Text, nullable=False, server_default=""),
    Column("beat", Text, nullable=False, server_default=""),
    Column("agency", Text, nullable=False, server_default=""),
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

sources = Table(
    "sources",
    metadata,
    Column("name", Text, primary_key=True),
    Column("heard_ms", BigInteger, nullable=False),
    # The alert that tells of its silence; empty while it is heard.
    Column("silent_alert", Text, nullable=False, server_default=""),
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
