"""Sending: what people send out and order, and how far it has come."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, LargeBinary, Table, Text

from server.store.tables.base import Count, metadata

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
    Column("number", Count, primary_key=True, autoincrement=False),
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

removed_media = Table(
    # The photo is gone, its bytes may still be in the folder.
    "removed_media",
    metadata,
    Column("media_id", Text, primary_key=True),
    Column("put_before_ms", BigInteger, nullable=False),
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
    Column("number", Count, primary_key=True, autoincrement=False),
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
    Column("push_number", Count, ForeignKey("pushes.number"), primary_key=True, autoincrement=False),
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
