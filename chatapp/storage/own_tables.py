"""The part of the schema that is about the chat itself: what it knows of itself, does later, tells its other processes,
and keeps of who did what."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from chatapp.storage.columns import BigId, Text, gives_no_id_again, id_, metadata, moment_, text_

meta: Final = sa.Table("meta", metadata, sa.Column("key", Text, primary_key=True), text_("value"))

outbox: Final = sa.Table(
    "outbox",
    metadata,
    id_(),
    text_("kind"),
    text_("payload"),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    moment_("due_at"),
    moment_("parked_at", nullable=True),
    text_("error", ""),
    moment_("created_at"),
    sa.Index("ix_outbox_due_at", "due_at"),
)

# What every process must do; written on PostgreSQL only.
notices: Final = sa.Table("notices", metadata, id_(), moment_("at"), text_("payload"))

# No reference to people: an account may go, and no other table may reach into a chain of hashes.
audit_log: Final = sa.Table(
    "audit_log",
    metadata,
    sa.Column("id", BigId, primary_key=True, autoincrement=False),
    moment_("at"),
    sa.Column("actor_id", BigId, nullable=True),
    text_("actor"),
    text_("action"),
    text_("target"),
    text_("address"),
    text_("user_agent"),
    text_("detail"),
    text_("previous"),
    text_("hash"),
    sa.Index("ix_audit_log_at", "at"),
)

gives_no_id_again(outbox)
