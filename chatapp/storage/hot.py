"""The statements on the path of every message, compiled once and run on the driver's own connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from chatapp.core.models import DAMAGED, History, Message, message_id
from chatapp.storage import files
from chatapp.storage.checksum import of_row
from chatapp.storage.damage import damaged, within
from chatapp.storage.reactions import read
from chatapp.storage.statement import Listed, Statement, inserting, updating
from chatapp.storage.tables import memberships, messages, people, rooms

# What the table holds of a message, in its order, comes last: that much of a row is what its checksum is of.
MESSAGE: Final = (
    people.c.username,
    people.c.display_name,
    messages.c.checksum,
    *(column for column in messages.c if column is not messages.c.checksum),
)
IS_DELETED: Final = 10


def to_message(row: Sequence[Any]) -> Message:
    """The message of a row; one of the kind ``damaged`` where the row is not what was written."""
    # Unpacked by hand: ten times as fast as a general way, and it runs for every message read.
    username, name, checksum = row[:3]
    stored = row[3:]
    if isinstance(stored[IS_DELETED], bool):
        # From PostgreSQL; the sum is over what SQLite has.
        stored = (*stored[:IS_DELETED], int(stored[IS_DELETED]), *stored[IS_DELETED + 1 :])
    # Without its author a row cannot be shown either.
    if checksum != of_row(stored) or username is None:
        return damaged(username, name, stored)
    (ident, room_id, index, version, author_id, kind, content, html, at, edited_at, *rest) = stored
    is_deleted, reply_to, client_id, reactions, pinned_at, attachments = rest
    return Message(
        ident,
        room_id,
        index,
        version,
        author_id,
        username,
        name,
        content,
        html,
        at,
        edited_at,
        bool(is_deleted),
        reply_to,
        client_id or "",
        kind,
        read(reactions) if reactions else (),
        pinned_at,
        files.read(attachments) if attachments else (),
    )


def to_history(rows: list[Any], *, newest_first: bool = False) -> History:
    """From rows of one of the statements below; an empty room yields one row without a message."""
    if not rows:
        return History((), 0, 0)
    index, version = rows[0][:2]
    found = [to_message(row[2:]) for row in rows if row[5] is not None]
    if any(message.kind == DAMAGED for message in found):
        found = within(found, version)
    return History(tuple(reversed(found) if newest_first else found), index, version)


def bounds(room_id: int) -> dict[str, int]:
    """The ids between which a room's log lies, both exclusive."""
    return {"room": room_id, "low": message_id(room_id, 0), "high": message_id(room_id + 1, 0)}


def _log(condition: sa.ColumnElement[bool], *by: sa.Column[Any], newest_first: bool = False) -> Statement:
    """The room's top and the chosen messages in one statement, so that both are of one moment."""
    chosen = (
        sa.select(*MESSAGE)
        # Outer: a row whose author cannot be found is damaged, not absent.
        .outerjoin(people, people.c.id == messages.c.author_id)
        .where(condition)
        .order_by(*(column.desc() if newest_first else column for column in by))
        .limit(sa.bindparam("limit"))
        .subquery()
    )
    order = [chosen.c[column.name] for column in by]
    return Statement(
        sa.select(rooms.c.last_index, rooms.c.last_version, *chosen.c)
        .select_from(rooms)
        .outerjoin(chosen, sa.true())
        .where(rooms.c.id == sa.bindparam("room"))
        .order_by(*(column.desc() if newest_first else column for column in order))
    )


_inside = sa.and_(messages.c.id > sa.bindparam("low"), messages.c.id < sa.bindparam("high"))
NEWEST_FIRST: Final = _log(_inside, messages.c.id, newest_first=True)
OLDEST_FIRST: Final = _log(_inside, messages.c.id)
CHANGES: Final = _log(
    sa.and_(messages.c.room_id == sa.bindparam("room"), messages.c.version > sa.bindparam("version")),
    messages.c.version,
)
PINNED: Final = _log(
    sa.and_(messages.c.room_id == sa.bindparam("room"), messages.c.pinned_at.is_not(None)),
    *(messages.c.pinned_at, messages.c.id),
    newest_first=True,
)

INSERT: Final = inserting(messages)
# All of it, so that a tombstone makes a damaged row whole.
REWRITE: Final = updating(messages, *(c.name for c in messages.c if c.name != "id"), by=["id"])
READ: Final = updating(memberships, "read_index", by=["room_id", "person_id"])
GROW: Final = updating(rooms, "last_index", "last_version", by=["id"])

COLUMNS: Final = ", ".join(f'{"p" if c.table is people else "m"}."{c.name}"' for c in MESSAGE)
_FROM: Final = "FROM messages m LEFT JOIN people p ON p.id = m.author_id"
KNOWN: Final = Listed(f"SELECT {COLUMNS} {_FROM} WHERE (m.author_id, m.client_id) IN ({{}})", "bigint", "text")
TARGETS: Final = Listed(f"SELECT {COLUMNS} {_FROM} WHERE m.id IN ({{}})", "bigint")
TOPS: Final = Listed(
    "SELECT id, last_index, last_version FROM rooms WHERE id IN ({})",
    "bigint",
    # In one order, or two would wait for each other.
    locking=" ORDER BY id FOR NO KEY UPDATE",
)
PINS: Final = Listed(
    "SELECT room_id, count(*) FROM messages WHERE pinned_at IS NOT NULL AND room_id IN ({}) GROUP BY room_id", "bigint"
)
AUTHORS: Final = Listed(
    "SELECT m.room_id, p.id, p.username, p.display_name, m.read_index, m.role = 'owner' OR p.is_admin "
    "FROM memberships m JOIN people p ON p.id = m.person_id "
    "WHERE NOT p.is_disabled AND (m.room_id, m.person_id) IN ({})",
    "bigint",
    "bigint",
)
