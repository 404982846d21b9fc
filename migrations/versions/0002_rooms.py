"""Rooms, memberships and the log of messages; the room general is there from the start."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "rooms",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("slug", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("topic", TEXT, server_default="", nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("created_by", BIG_ID, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_index", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last_version", sa.BigInteger(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["created_by"], ["people.id"], name="fk_rooms_created_by", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_rooms"),
        sa.UniqueConstraint("slug", name="uq_rooms_slug"),
    )
    op.create_table(
        "memberships",
        sa.Column("room_id", BIG_ID, nullable=False),
        sa.Column("person_id", BIG_ID, nullable=False),
        sa.Column("role", TEXT, server_default="member", nullable=False),
        sa.Column("read_index", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("joined_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name="fk_memberships_person_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name="fk_memberships_room_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("room_id", "person_id", name="pk_memberships"),
    )
    op.create_index("ix_memberships_person_id", "memberships", ["person_id"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("room_id", BIG_ID, nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("author_id", BIG_ID, nullable=False),
        sa.Column("kind", TEXT, server_default="", nullable=False),
        sa.Column("content", TEXT, nullable=False),
        sa.Column("html", TEXT, server_default="", nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("edited_at", sa.BigInteger(), nullable=True),
        sa.Column("is_deleted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("reply_to", sa.BigInteger(), nullable=True),
        sa.Column("client_id", TEXT, nullable=True),
        sa.ForeignKeyConstraint(["author_id"], ["people.id"], name="fk_messages_author_id", ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name="fk_messages_room_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_messages"),
        sa.UniqueConstraint("author_id", "client_id", name="uq_messages_author_id_client_id"),
        sa.UniqueConstraint("room_id", "version", name="uq_messages_room_id_version"),
    )
    op.execute(
        "INSERT INTO rooms (slug, name, topic, kind, created_at) "
        "VALUES ('general', 'general', 'Everyone is here', 'open', 0)"
    )
