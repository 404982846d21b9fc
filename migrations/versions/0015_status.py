"""Away until further notice, and why."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("people", sa.Column("is_away", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("people", sa.Column("status", TEXT, server_default="", nullable=False))
