"""The schema, said once. Alembic's migrations are held to it by a test.
Moments are integer milliseconds since 1970, UTC; digests are hexadecimal SHA-256."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

metadata: Final = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# On SQLite only INTEGER makes a rowid alias; on PostgreSQL an id wants 64 bits.
BigId: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Bytes decide the order, as on SQLite, and no library of the system that changes its mind.
Text: Final = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def _id() -> sa.Column[int]:
    return sa.Column("id", BigId, primary_key=True, autoincrement=True)


def _ref(name: str, target: str, *, nullable: bool = False, on_delete: str = "CASCADE") -> sa.Column[int]:
    return sa.Column(name, BigId, sa.ForeignKey(f"{target}.id", ondelete=on_delete), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=nullable)


def _text(name: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, Text, nullable=False, server_default=default)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False, server_default=sa.false())


meta: Final = sa.Table("meta", metadata, sa.Column("key", Text, primary_key=True), _text("value"))

people: Final = sa.Table(
    "people",
    metadata,
    _id(),
    sa.Column("username", Text, nullable=False, unique=True),
    sa.Column("email", Text, nullable=True, unique=True),
    _text("display_name"),
    _text("password_hash", ""),
    _flag("is_admin"),
    _flag("is_disabled"),
    _flag("is_verified"),
    _text("theme", "system"),
    _text("time_zone", ""),
    _moment("created_at"),
    _flag("is_hidden"),
    _text("language", ""),
    _flag("is_away"),
    _text("status", ""),
)

# Of whom there is no row has changed nothing.
notification_settings: Final = sa.Table(
    "notification_settings",
    metadata,
    sa.Column(
        "person_id", BigId, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True, autoincrement=False
    ),
    _flag("hides_words"),
    # core.notifications.QuietHours: a bit for each day, Monday's the lowest, and minutes of a day.
    sa.Column("quiet_days", sa.Integer, nullable=False, server_default="0"),
    sa.Column("quiet_from", sa.Integer, nullable=False, server_default="0"),
    sa.Column("quiet_to", sa.Integer, nullable=False, server_default="0"),
    sa.Column("silent_until", sa.BigInteger, nullable=False, server_default="0"),
)

sessions: Final = sa.Table(
    "sessions",
    metadata,
    sa.Column("digest", Text, primary_key=True),
    _ref("person_id", "people"),
    _moment("created_at"),
    _moment("seen_at"),
    _moment("expires_at"),
    _flag("is_remembered"),
    _text("address", ""),
    _text("user_agent", ""),
    sa.Index("ix_sessions_person_id", "person_id"),
)

tokens: Final = sa.Table(
    "tokens",
    metadata,
    _id(),
    _ref("person_id", "people"),
    _text("kind"),
    _text("name"),
    sa.Column("digest", Text, nullable=False, unique=True),
    _moment("created_at"),
    _moment("expires_at", nullable=True),
    _moment("last_used_at", nullable=True),
    sa.Index("ix_tokens_person_id", "person_id"),
)

links: Final = sa.Table(
    "links",
    metadata,
    sa.Column("digest", Text, primary_key=True),
    _ref("person_id", "people"),
    _text("purpose"),
    _text("email"),
    _moment("created_at"),
    _moment("expires_at"),
    sa.Index("ix_links_person_id", "person_id"),
)

invites: Final = sa.Table(
    "invites",
    metadata,
    _id(),
    sa.Column("digest", Text, nullable=False, unique=True),
    _ref("created_by", "people"),
    _moment("created_at"),
    _moment("expires_at"),
    sa.Column("uses_left", sa.Integer, nullable=False),
)

outbox: Final = sa.Table(
    "outbox",
    metadata,
    _id(),
    _text("kind"),
    _text("payload"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    _moment("due_at"),
    _moment("parked_at", nullable=True),
    _text("error", ""),
    _moment("created_at"),
    sa.Index("ix_outbox_due_at", "due_at"),
)

# What every process must do; written on PostgreSQL only.
notices: Final = sa.Table("notices", metadata, _id(), _moment("at"), _text("payload"))

# No reference to people: an account may go, and no other table may reach into a chain of hashes.
audit_log: Final = sa.Table(
    "audit_log",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=False),
    _moment("at"),
    sa.Column("actor_id", BigId, nullable=True),
    _text("actor"),
    _text("action"),
    _text("target"),
    _text("address"),
    _text("user_agent"),
    _text("detail"),
    _text("previous"),
    _text("hash"),
    sa.Index("ix_audit_log_at", "at"),
)

rooms: Final = sa.Table(
    "rooms",
    metadata,
    _id(),
    sa.Column("slug", Text, nullable=False, unique=True),
    _text("name"),
    _text("topic", ""),
    _text("kind"),
    _ref("created_by", "people", nullable=True, on_delete="SET NULL"),
    _moment("created_at"),
    sa.Column("last_index", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("last_version", sa.BigInteger, nullable=False, server_default="0"),
)

memberships: Final = sa.Table(
    "memberships",
    metadata,
    sa.Column("room_id", BigId, sa.ForeignKey("rooms.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("person_id", BigId, sa.ForeignKey("people.id", ondelete="CASCADE"), primary_key=True),
    _text("role", "member"),
    sa.Column("read_index", sa.BigInteger, nullable=False, server_default="0"),
    # core.models.ReadMark; its positions as digits with spaces between, for one statement to write them all.
    sa.Column("read_turn", sa.BigInteger, nullable=False, server_default="0"),
    _text("read_before", ""),
    _moment("joined_at"),
    _text("level", "all"),
    # The one before it, for who no longer mutes a room.
    _text("level_before", "all"),
    sa.Index("ix_memberships_person_id", "person_id"),
)

# The id is core.models.message_id(room, index): the rowid tree itself keeps each room's log together,
# in order, and makes (room, index) unique without an index of its own.
messages: Final = sa.Table(
    "messages",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=False),
    _ref("room_id", "rooms"),
    sa.Column("index", sa.BigInteger, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    # RESTRICT: a log without its authors' posts would have holes.
    _ref("author_id", "people", on_delete="RESTRICT"),
    _text("kind", ""),
    _text("content"),
    _text("html", ""),
    _moment("created_at"),
    _moment("edited_at", nullable=True),
    _flag("is_deleted"),
    sa.Column("reply_to", sa.BigInteger, nullable=True),
    # NULL when the sender gave none: uniqueness is only asked of keys that exist.
    sa.Column("client_id", Text, nullable=True),
    # core.models.Reactions as JSON, empty where there are none.
    _text("reactions", ""),
    _moment("pinned_at", nullable=True),
    # core.models.Attachment as JSON, empty where there are none.
    _text("attachments", ""),
    # storage/checksum.py, over all of the above: SQLite itself would not see an altered letter.
    sa.Column("checksum", sa.BigInteger, nullable=False, server_default="0"),
    sa.UniqueConstraint("room_id", "version"),
    sa.UniqueConstraint("author_id", "client_id"),
)
# Of the few that are: it costs a post nothing. The same on a server, by the migration alone: named here,
# every start would load the dialect.
sa.Index("ix_messages_pinned", messages.c.room_id, sqlite_where=messages.c.pinned_at.is_not(None))

# Whom a message names, so that what is unread of it can be counted; the message itself says it too, by its html.
mentions: Final = sa.Table(
    "mentions",
    metadata,
    sa.Column("message_id", BigId, sa.ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    # storage.mentions.EVERYBODY for all in the room, hence no reference.
    sa.Column("person_id", BigId, primary_key=True, autoincrement=False),
    sa.Index("ix_mentions_person_id_message_id", "person_id", "message_id"),
)

# What a message said before it was edited, under the version it had then. Deleting the message deletes these.
revisions: Final = sa.Table(
    "revisions",
    metadata,
    sa.Column("message_id", BigId, sa.ForeignKey("messages.id", ondelete="CASCADE"), primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
    _text("content"),
    _moment("written_at"),
    # storage/checksum.py, over all of the above.
    sa.Column("checksum", sa.BigInteger, nullable=False),
)

# What was uploaded. Its content lies on disk under its digest, once for all rows that name it (storage/blobs.py).
files: Final = sa.Table(
    "files",
    metadata,
    _id(),
    _ref("room_id", "rooms"),
    _text("digest"),
    _text("name"),
    sa.Column("size", sa.BigInteger, nullable=False),
    _text("media_type"),
    sa.Column("width", sa.Integer, nullable=False, server_default="0"),
    sa.Column("height", sa.Integer, nullable=False, server_default="0"),
    _text("alt", ""),
    # NULL when its message is gone: then the row goes too, and the content with the last row that names it.
    _ref("uploaded_by", "people", nullable=True, on_delete="SET NULL"),
    _moment("created_at"),
    # Of its message; NULL until it is sent.
    sa.Column("index", sa.BigInteger, nullable=True),
    sa.Index("ix_files_room_id_index", "room_id", "index"),
    sa.Index("ix_files_digest", "digest"),
    sa.Index("ix_files_uploaded_by_index", "uploaded_by", "index"),
)
