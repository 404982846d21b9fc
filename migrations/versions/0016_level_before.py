"""How much of a room somebody wanted to hear of before they muted it."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("memberships", sa.Column("level_before", TEXT, server_default="all", nullable=False))
