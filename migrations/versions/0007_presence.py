"""Who hides whether they are here."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("people", sa.Column("is_hidden", sa.Boolean(), server_default=sa.false(), nullable=False))
