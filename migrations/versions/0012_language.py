"""In which language somebody wants the pages and mails."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("people", sa.Column("language", TEXT, server_default="", nullable=False))
