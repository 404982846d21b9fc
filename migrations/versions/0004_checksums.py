"""A checksum for every message; those that are there get theirs, a slice at a time."""

import zlib

import msgspec
import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

SLICE = 1000
COLUMNS = (
    'id, room_id, "index", version, author_id, kind, content, html, '
    "created_at, edited_at, is_deleted, reply_to, client_id"
)
ROWS = sa.text(f"SELECT {COLUMNS} FROM messages WHERE id > :after ORDER BY id LIMIT {SLICE}")  # noqa: S608 - constants
SIGN = sa.text("UPDATE messages SET checksum = :checksum WHERE id = :id")


def upgrade() -> None:
    op.add_column("messages", sa.Column("checksum", sa.BigInteger(), server_default="0", nullable=False))
    connection, after = op.get_bind(), -1
    driver = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        # Text that is none, in a file damaged before: such a row cannot be signed, and is known by that.
        driver.text_factory = lambda text: text.decode("utf-8", "surrogateescape")
    while rows := connection.execute(ROWS, {"after": after}).all():
        connection.execute(SIGN, [{"id": row[0], "checksum": checksum(tuple(row))} for row in rows])
        after = rows[-1][0]
    if connection.dialect.name == "sqlite":
        driver.text_factory = str


def checksum(row: tuple[object, ...]) -> int:
    try:
        # A boolean as SQLite has it.
        return zlib.crc32(msgspec.msgpack.encode([int(value) if isinstance(value, bool) else value for value in row]))
    except UnicodeEncodeError:
        return 0
