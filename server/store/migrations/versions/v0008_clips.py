"""Clips of cameras that are kept."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

_COUNT = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "clips",
        sa.Column("number", _COUNT, primary_key=True, autoincrement=False),
        sa.Column("id", sa.Text, nullable=False, unique=True),
        sa.Column("alert_id", sa.Text, index=True),
        sa.Column("camera", sa.Text, nullable=False, index=True),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("asked_ms", sa.BigInteger, nullable=False, index=True),
        sa.Column("state", sa.Text, nullable=False, index=True),
        sa.Column("wanted", sa.Text, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
        sa.Column("manifest", sa.Text),
        sa.Column("file", sa.Text),
        sa.Column("due_ms", sa.BigInteger, index=True),
        sa.Column("server", sa.Text, nullable=False, server_default=""),
        sa.Column("lease_ms", sa.BigInteger),
        sa.Column("turn", sa.Integer, nullable=False, server_default="0"),
    )
