"""Reactions and pins, in the rows of messages. Checksums stay: a column that says nothing does not count."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
IS_PINNED = sa.text("pinned_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("messages", sa.Column("reactions", TEXT, server_default="", nullable=False))
    op.add_column("messages", sa.Column("pinned_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_messages_pinned", "messages", ["room_id"], sqlite_where=IS_PINNED, postgresql_where=IS_PINNED)
