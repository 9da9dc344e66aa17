"""Since when a photo waits for something that shows it."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    # Those that are there stay: nobody knows which of them were shown once.
    op.add_column("media", sa.Column("unused_since_ms", sa.BigInteger))
    op.create_index("ix_media_unused_since_ms", "media", ["unused_since_ms"])
