"""What checks of the cameras' pictures found, and when each camera was up."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "camera_references",
        sa.Column("camera", sa.Text, primary_key=True),
        sa.Column("jpeg", sa.LargeBinary, nullable=False),
        sa.Column("masks", sa.Text, nullable=False),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("set_by", sa.Text, nullable=False),
    )
    op.create_table(
        "camera_checks",
        sa.Column("camera", sa.Text, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("asked_by", sa.Text, nullable=False),
        sa.Column("record", sa.Text, nullable=False),
    )
    op.create_index("ix_camera_checks_at_ms", "camera_checks", ["at_ms"])
    op.create_table(
        "camera_check_orders",
        sa.Column("camera", sa.Text, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, nullable=False),
        sa.Column("asked_by", sa.Text, nullable=False),
    )
    op.create_table(
        "camera_changes",
        sa.Column("camera", sa.Text, primary_key=True),
        sa.Column("at_ms", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("state", sa.Text, nullable=False),
    )
    op.create_index("ix_camera_changes_at_ms", "camera_changes", ["at_ms"])
    op.create_table(
        "camera_watches",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("server", sa.Text, nullable=False),
        sa.Column("lease_ms", sa.BigInteger, nullable=False),
        sa.Column("seen_ms", sa.BigInteger, nullable=False),
    )
