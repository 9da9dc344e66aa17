"""Who answers for a bell that is to be rung, and until when."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    # What was claimed before counts as rung: nobody knows more.
    op.add_column("push_rings", sa.Column("server", sa.Text, nullable=False, server_default=""))
    op.add_column("push_rings", sa.Column("lease_ms", sa.BigInteger))
    op.add_column("push_rings", sa.Column("servers", sa.Integer, nullable=False, server_default="1"))
    op.create_index("ix_push_rings_lease_ms", "push_rings", ["lease_ms"])
