"""In a file, too, an id is never given again; and what the copies of a picture take on the disk."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"

# Of these rows are deleted, and somebody may hold the id of one that is gone.
TABLES = ("tokens", "invites", "outbox", "push_subscriptions", "pushes", "files")
STATEMENTS = sa.text(
    "SELECT sql FROM sqlite_master WHERE tbl_name = :name AND sql IS NOT NULL ORDER BY type DESC, name"
)


def upgrade() -> None:
    op.add_column("files", sa.Column("copies", sa.BigInteger(), server_default="0", nullable=False))
    if op.get_bind().dialect.name == "sqlite":
        for name in TABLES:
            _make_anew(name)


def _make_anew(name: str) -> None:
    """AUTOINCREMENT is a word of the table's own statement, which SQLite does not change. Not by Alembic's batches:
    the order of what they write differs from process to process, and an audit compares it."""
    made, *indexes = op.get_bind().execute(STATEMENTS, {"name": name}).scalars()
    made = made.replace("\tid INTEGER NOT NULL, ", "\tid INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, ", 1)
    made = re.sub(r",\s+CONSTRAINT pk_\w+ PRIMARY KEY \(id\)", "", made)
    op.execute(re.sub(r'^CREATE TABLE "?\w+"?', f"CREATE TABLE {name}_anew", made))
    op.execute(f"INSERT INTO {name}_anew SELECT * FROM {name}")  # noqa: S608 - a name of our own
    op.drop_table(name)
    op.rename_table(f"{name}_anew", name)
    for statement in indexes:
        op.execute(statement)
