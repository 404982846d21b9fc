"""Files, and what a message shows of its own. Checksums stay: a column that says nothing does not count."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("messages", sa.Column("attachments", TEXT, server_default="", nullable=False))
    op.create_table(
        "files",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("room_id", BIG_ID, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("media_type", TEXT, nullable=False),
        sa.Column("width", sa.Integer(), server_default="0", nullable=False),
        sa.Column("height", sa.Integer(), server_default="0", nullable=False),
        sa.Column("alt", TEXT, server_default="", nullable=False),
        sa.Column("uploaded_by", BIG_ID, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("index", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name="fk_files_room_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["uploaded_by"], ["people.id"], name="fk_files_uploaded_by", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_files"),
    )
    op.create_index("ix_files_room_id_index", "files", ["room_id", "index"])
    op.create_index("ix_files_digest", "files", ["digest"])
    op.create_index("ix_files_uploaded_by_index", "files", ["uploaded_by", "index"])
