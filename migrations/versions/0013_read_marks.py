"""Where somebody had read to before, and how often they went back."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("memberships", sa.Column("read_turn", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("memberships", sa.Column("read_before", TEXT, server_default="", nullable=False))
