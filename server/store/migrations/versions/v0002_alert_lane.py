"""The alert lane: audiences, life cycles, escalation, bulletins, photos, positions, bells."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _widen()
    _alerts()
    _bulletins_and_photos()
    _people_and_sources()


def _widen() -> None:
    for name in ("duty", "beat", "agency"):
        op.add_column("people", sa.Column(name, sa.Text, nullable=False, server_default=""))
    # NULL: written by the first release; core/entry.py knows whom such an entry concerns.
    op.add_column("log", sa.Column("audience", sa.Text))
    op.add_column("alerts", sa.Column("audience", sa.Text))
    op.add_column("alerts", sa.Column("audience_key", sa.Text))
    op.create_index("ix_alerts_audience_key_received_ms", "alerts", ["audience_key", "received_ms"])
    op.add_column("receipts", sa.Column("via", sa.Text, nullable=False, server_default="device"))
    op.add_column("receipts", sa.Column("by", sa.Text, nullable=False, server_default=""))


def _alerts() -> None:
    op.create_table(
        "alert_revisions",
        sa.Column("alert_id", sa.Text, primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
    )
    op.create_table(
        "alert_groups",
        sa.Column("head_id", sa.Text, primary_key=True),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("audience_key", sa.Text, nullable=False),
        sa.Column("lat", sa.Float),
        sa.Column("lon", sa.Float),
        sa.Column("last_ms", sa.BigInteger, nullable=False),
        sa.Column("count", sa.Integer, nullable=False),
    )
    op.create_index("ix_alert_groups_source_last_ms", "alert_groups", ["source", "last_ms"])
    op.create_table(
        "escalations",
        sa.Column("alert_id", sa.Text, primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("policy", sa.Text, nullable=False),
        sa.Column("step", sa.Integer, nullable=False),
        sa.Column("started_ms", sa.BigInteger, nullable=False),
        sa.Column("due_ms", sa.BigInteger, index=True),
    )
    op.create_table(
        "policies",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("changed_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "commands",
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("wanted", sa.Text, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("received_ms", sa.BigInteger, nullable=False, index=True),
    )


def _bulletins_and_photos() -> None:
    op.create_table(
        "bulletins",
        sa.Column("number", _COUNT, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("sent_ms", sa.BigInteger, nullable=False, index=True),
        sa.Column("expires_ms", sa.BigInteger, nullable=False, index=True),
        sa.Column("ended_ms", sa.BigInteger, index=True),
        sa.Column("wanted", sa.Text, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
    )
    op.create_table(
        "media",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("width", sa.Integer, nullable=False),
        sa.Column("height", sa.Integer, nullable=False),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("thumbnail", sa.LargeBinary, nullable=False),
        sa.Column("made_by", sa.Text, nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False, index=True),
    )
    op.create_table(
        "media_uses",
        sa.Column("media_id", sa.Text, sa.ForeignKey("media.id"), primary_key=True),
        sa.Column("item", sa.Text, primary_key=True),
        sa.Column("item_id", sa.Text, primary_key=True),
    )


def _people_and_sources() -> None:
    op.create_table(
        "positions",
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("lat", sa.Float, nullable=False),
        sa.Column("lon", sa.Float, nullable=False),
        sa.Column("accuracy_m", sa.Float),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "sources",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("heard_ms", sa.BigInteger, nullable=False),
        sa.Column("silent_alert", sa.Text, nullable=False, server_default=""),
    )
    op.create_table(
        "push_subscriptions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("person", sa.Text, sa.ForeignKey("people.id"), nullable=False, index=True),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("endpoint", sa.Text, nullable=False),
        sa.Column("p256dh", sa.Text, nullable=False),
        sa.Column("auth", sa.Text, nullable=False),
        sa.Column("made_ms", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "push_rings",
        sa.Column("item_id", sa.Text, primary_key=True),
        sa.Column("revision", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("subscription", sa.Text, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False, index=True),
    )
