"""What people may do beside what their role may."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("people", sa.Column("rights", sa.Text, nullable=False, server_default=""))
