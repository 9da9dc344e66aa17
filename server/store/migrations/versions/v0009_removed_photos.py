"""Photos that are removed, until their bytes are too."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.create_table(
        "removed_media",
        sa.Column("media_id", sa.Text, primary_key=True),
        sa.Column("put_before_ms", sa.BigInteger, nullable=False),
    )
