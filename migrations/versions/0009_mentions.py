"""Whom messages name. Those stored before name nobody until they are edited."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "mentions",
        sa.Column("message_id", ID, nullable=False),
        sa.Column("person_id", ID, autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name="fk_mentions_message_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("message_id", "person_id", name="pk_mentions"),
    )
    op.create_index("ix_mentions_person_id_message_id", "mentions", ["person_id", "message_id"])
