"""What people have set about being told of messages."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "notification_settings",
        sa.Column("person_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("hides_words", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("quiet_days", sa.Integer(), server_default="0", nullable=False),
        sa.Column("quiet_from", sa.Integer(), server_default="0", nullable=False),
        sa.Column("quiet_to", sa.Integer(), server_default="0", nullable=False),
        sa.Column("silent_until", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"], ["people.id"], name="fk_notification_settings_person_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("person_id", name="pk_notification_settings"),
    )
