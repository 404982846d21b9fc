"""The schema, said once. Alembic's migrations are held to it by a test.
Moments are integer milliseconds since 1970, UTC; digests are hexadecimal SHA-256."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from chatapp.storage.columns import BigId, Text, flag_, gives_no_id_again, id_, key_, metadata, moment_, ref_, text_
from chatapp.storage.own_tables import audit_log, meta, notices, outbox

__all__ = (
    "audit_log",
    "files",
    "invites",
    "links",
    "memberships",
    "mentions",
    "messages",
    "meta",
    "metadata",
    "notices",
    "notification_settings",
    "outbox",
    "people",
    "push_cursors",
    "push_subscriptions",
    "pushes",
    "revisions",
    "rooms",
    "sessions",
    "tickets",
    "tokens",
)

people: Final = sa.Table(
    "people",
    metadata,
    id_(),
    sa.Column("username", Text, nullable=False, unique=True),
    sa.Column("email", Text, nullable=True, unique=True),
    text_("display_name"),
    text_("password_hash", ""),
    flag_("is_admin"),
    flag_("is_disabled"),
    flag_("is_verified"),
    text_("theme", "system"),
    text_("time_zone", ""),
    moment_("created_at"),
    flag_("is_hidden"),
    text_("language", ""),
    flag_("is_away"),
    text_("status", ""),
    text_("hour_cycle", ""),
    text_("density", "comfortable"),
)

# Of whom there is no row has changed nothing.
notification_settings: Final = sa.Table(
    "notification_settings",
    metadata,
    key_("person_id", "people"),
    flag_("hides_words"),
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
    ref_("person_id", "people"),
    moment_("created_at"),
    moment_("seen_at"),
    moment_("expires_at"),
    flag_("is_remembered"),
    text_("address", ""),
    text_("user_agent", ""),
    sa.Index("ix_sessions_person_id", "person_id"),
)

# One for each browser that is signed in, and gone with its session. Addresses of push services are secrets.
push_subscriptions: Final = sa.Table(
    "push_subscriptions",
    metadata,
    id_(),
    sa.Column("session_digest", Text, sa.ForeignKey("sessions.digest", ondelete="CASCADE"), nullable=False),
    ref_("person_id", "people"),
    text_("endpoint"),
    text_("p256dh"),
    text_("auth"),
    # The public key of ours that the browser takes notices from.
    text_("key"),
    moment_("created_at"),
    moment_("used_at", nullable=True),
    sa.UniqueConstraint("session_digest"),
    sa.UniqueConstraint("endpoint"),
    sa.Index("ix_push_subscriptions_person_id", "person_id"),
)

tokens: Final = sa.Table(
    "tokens",
    metadata,
    id_(),
    ref_("person_id", "people"),
    text_("kind"),
    text_("name"),
    sa.Column("digest", Text, nullable=False, unique=True),
    moment_("created_at"),
    moment_("expires_at", nullable=True),
    moment_("last_used_at", nullable=True),
    sa.Index("ix_tokens_person_id", "person_id"),
)

links: Final = sa.Table(
    "links",
    metadata,
    sa.Column("digest", Text, primary_key=True),
    ref_("person_id", "people"),
    text_("purpose"),
    text_("email"),
    moment_("created_at"),
    moment_("expires_at"),
    sa.Index("ix_links_person_id", "person_id"),
)

invites: Final = sa.Table(
    "invites",
    metadata,
    id_(),
    sa.Column("digest", Text, nullable=False, unique=True),
    ref_("created_by", "people"),
    moment_("created_at"),
    moment_("expires_at"),
    sa.Column("uses_left", sa.Integer, nullable=False),
)

# Each opens one socket, soon: what it was made by, a session, a token or neither, and when that ends by itself.
tickets: Final = sa.Table(
    "tickets",
    metadata,
    sa.Column("digest", Text, primary_key=True),
    ref_("person_id", "people"),
    sa.Column("session_digest", Text, nullable=True),
    sa.Column("token_id", BigId, nullable=True),
    moment_("ends_at", nullable=True),
    moment_("expires_at"),
    sa.Index("ix_tickets_person_id", "person_id"),
)

rooms: Final = sa.Table(
    "rooms",
    metadata,
    id_(),
    sa.Column("slug", Text, nullable=False, unique=True),
    text_("name"),
    text_("topic", ""),
    text_("kind"),
    ref_("created_by", "people", nullable=True, on_delete="SET NULL"),
    moment_("created_at"),
    sa.Column("last_index", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("last_version", sa.BigInteger, nullable=False, server_default="0"),
)

memberships: Final = sa.Table(
    "memberships",
    metadata,
    key_("room_id", "rooms"),
    key_("person_id", "people"),
    text_("role", "member"),
    sa.Column("read_index", sa.BigInteger, nullable=False, server_default="0"),
    # core.reads.ReadMark; its positions as digits with spaces between, for one statement to write them all.
    sa.Column("read_turn", sa.BigInteger, nullable=False, server_default="0"),
    text_("read_before", ""),
    moment_("joined_at"),
    text_("level", "all"),
    # The one before it, for who no longer mutes a room.
    text_("level_before", "all"),
    sa.Index("ix_memberships_person_id", "person_id"),
)

# What is to be sent to a browser: of each room one notice, of the newest post and how many. Without a room: a test.
pushes: Final = sa.Table(
    "pushes",
    metadata,
    id_(),
    ref_("subscription_id", "push_subscriptions"),
    ref_("room_id", "rooms", nullable=True),
    sa.Column("index", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("count", sa.Integer, nullable=False, server_default="1"),
    # Kept back in quiet hours: told when they end, with all others.
    flag_("is_held"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    moment_("due_at"),
    sa.UniqueConstraint("subscription_id", "room_id"),
    sa.Index("ix_pushes_due_at", "due_at"),
)

# Up to which post of each room it is decided who gets a notice.
push_cursors: Final = sa.Table(
    "push_cursors",
    metadata,
    key_("room_id", "rooms"),
    sa.Column("index", sa.BigInteger, nullable=False),
)

# The id is core.models.message_id(room, index): the rowid tree itself keeps each room's log together,
# in order, and makes (room, index) unique without an index of its own.
messages: Final = sa.Table(
    "messages",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=False),
    ref_("room_id", "rooms"),
    sa.Column("index", sa.BigInteger, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    # RESTRICT: a log without its authors' posts would have holes.
    ref_("author_id", "people", on_delete="RESTRICT"),
    text_("kind", ""),
    text_("content"),
    text_("html", ""),
    moment_("created_at"),
    moment_("edited_at", nullable=True),
    flag_("is_deleted"),
    sa.Column("reply_to", sa.BigInteger, nullable=True),
    # NULL when the sender gave none: uniqueness is only asked of keys that exist.
    sa.Column("client_id", Text, nullable=True),
    # core.models.Reaction as JSON, empty where there are none.
    text_("reactions", ""),
    moment_("pinned_at", nullable=True),
    # core.models.Attachment as JSON, empty where there are none.
    text_("attachments", ""),
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
    key_("message_id", "messages"),
    # storage.mentions.EVERYBODY for all in the room, hence no reference.
    sa.Column("person_id", BigId, primary_key=True, autoincrement=False),
    sa.Index("ix_mentions_person_id_message_id", "person_id", "message_id"),
)

# What a message said before it was edited, under the version it had then. Deleting the message deletes these.
revisions: Final = sa.Table(
    "revisions",
    metadata,
    key_("message_id", "messages"),
    sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
    text_("content"),
    moment_("written_at"),
    # storage/checksum.py, over all of the above.
    sa.Column("checksum", sa.BigInteger, nullable=False),
)

# What was uploaded. Its content lies on disk under its digest, once for all rows that name it (storage/blobs.py).
files: Final = sa.Table(
    "files",
    metadata,
    id_(),
    ref_("room_id", "rooms"),
    text_("digest"),
    text_("name"),
    sa.Column("size", sa.BigInteger, nullable=False),
    text_("media_type"),
    sa.Column("width", sa.Integer, nullable=False, server_default="0"),
    sa.Column("height", sa.Integer, nullable=False, server_default="0"),
    text_("alt", ""),
    # NULL when its message is gone: then the row goes too, and the content with the last row that names it.
    ref_("uploaded_by", "people", nullable=True, on_delete="SET NULL"),
    moment_("created_at"),
    # Of its message; NULL until it is sent.
    sa.Column("index", sa.BigInteger, nullable=True),
    # Bytes of the copies of a picture, which lie beside it.
    sa.Column("copies", sa.BigInteger, nullable=False, server_default="0"),
    sa.Index("ix_files_room_id_index", "room_id", "index"),
    sa.Index("ix_files_digest", "digest"),
    sa.Index("ix_files_uploaded_by_index", "uploaded_by", "index"),
)

gives_no_id_again(tokens, invites, push_subscriptions, pushes, files)
