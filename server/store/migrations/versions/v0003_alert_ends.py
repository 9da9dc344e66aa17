"""When alerts expire, and the other names that sources give them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # Alerts of the first release expire nobody's work: they have no life cycle.
    op.add_column("alerts", sa.Column("expires_ms", sa.BigInteger))
    op.create_index("ix_alerts_expires_ms", "alerts", ["expires_ms"])
    op.create_table(
        "alert_names",
        sa.Column("source", sa.Text, primary_key=True),
        sa.Column("source_id", sa.Text, primary_key=True),
        sa.Column("alert_id", sa.Text, nullable=False),
    )
