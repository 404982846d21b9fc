"""How much of each room somebody wants to hear of: until they say so, of all of it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("memberships", sa.Column("level", TEXT, server_default="all", nullable=False))
