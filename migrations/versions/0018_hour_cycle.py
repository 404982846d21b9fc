"""Whether somebody reads hours from 1 to 12 or from 0 to 23."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("people", sa.Column("hour_cycle", TEXT, server_default="", nullable=False))
