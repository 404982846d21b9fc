"""Tickets for sockets, which any process takes, whichever has given them."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "tickets",
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("person_id", BIG_ID, nullable=False),
        sa.Column("session_digest", TEXT, nullable=True),
        sa.Column("token_id", BIG_ID, nullable=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_tickets_person_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest", name="pk_tickets"),
    )
    op.create_index("ix_tickets_person_id", "tickets", ["person_id"])
