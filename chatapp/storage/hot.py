"""The statements on the path of every message, compiled once and run on the driver's own connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from chatapp.core.models import History, Message, message_id
from chatapp.storage.statement import Statement
from chatapp.storage.tables import messages, people, rooms

MESSAGE: Final = (
    messages.c.id,
    messages.c.room_id,
    messages.c.index,
    messages.c.version,
    messages.c.author_id,
    people.c.username,
    people.c.display_name,
    messages.c.content,
    messages.c.html,
    messages.c.created_at,
    messages.c.edited_at,
    messages.c.is_deleted,
    messages.c.reply_to,
    messages.c.client_id,
    messages.c.kind,
)


def to_message(row: Sequence[Any]) -> Message:
    # Unpacked by hand: ten times as fast as a general way, and it runs for every message read.
    (ident, room_id, index, version, author_id, username, name, content, html, at, edited_at, *rest) = row
    is_deleted, reply_to, client_id, kind = rest
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
    )


def to_history(rows: list[Any], *, newest_first: bool = False) -> History:
    """From rows of one of the statements below; an empty room yields one row without a message."""
    if not rows:
        return History((), 0, 0)
    index, version = rows[0][:2]
    found = [to_message(row[2:]) for row in rows if row[2] is not None]
    return History(tuple(reversed(found) if newest_first else found), index, version)


def bounds(room_id: int) -> dict[str, int]:
    """The ids between which a room's log lies, both exclusive."""
    return {"room": room_id, "low": message_id(room_id, 0), "high": message_id(room_id + 1, 0)}


def _log(condition: sa.ColumnElement[bool], by: sa.Column[int], *, newest_first: bool = False) -> Statement:
    """The room's top and the chosen messages in one statement, so that both are of one moment."""
    chosen = (
        sa.select(*MESSAGE)
        .join(people, people.c.id == messages.c.author_id)
        .where(condition)
        .order_by(by.desc() if newest_first else by)
        .limit(sa.bindparam("limit"))
        .subquery()
    )
    order = chosen.c[by.name]
    return Statement(
        sa.select(rooms.c.last_index, rooms.c.last_version, *chosen.c)
        .select_from(rooms)
        .outerjoin(chosen, sa.true())
        .where(rooms.c.id == sa.bindparam("room"))
        .order_by(order.desc() if newest_first else order)
    )


_inside = sa.and_(messages.c.id > sa.bindparam("low"), messages.c.id < sa.bindparam("high"))
NEWEST_FIRST: Final = _log(_inside, messages.c.id, newest_first=True)
OLDEST_FIRST: Final = _log(_inside, messages.c.id)
CHANGES: Final = _log(
    sa.and_(messages.c.room_id == sa.bindparam("room"), messages.c.version > sa.bindparam("version")),
    messages.c.version,
)

INSERT: Final = Statement(
    sa.insert(messages).values(
        {c.name: sa.bindparam(c.name) for c in messages.c if c.name not in {"edited_at", "is_deleted"}}
    )
)
REWRITE: Final = Statement(
    sa.update(messages)
    .where(messages.c.id == sa.bindparam("at"))
    .values({name: sa.bindparam(name) for name in ("version", "content", "html", "edited_at", "is_deleted")})
)
GROW: Final = Statement(
    sa.update(rooms)
    .where(rooms.c.id == sa.bindparam("room"))
    .values(last_index=sa.bindparam("last_index"), last_version=sa.bindparam("last_version"))
)

_COLUMNS: Final = ", ".join(f'{"p" if c.table is people else "m"}."{c.name}"' for c in MESSAGE)
_FROM: Final = "FROM messages m JOIN people p ON p.id = m.author_id"
KNOWN: Final = f"SELECT {_COLUMNS} {_FROM} WHERE (m.author_id, m.client_id) IN (VALUES {{}})"
TARGETS: Final = f"SELECT {_COLUMNS} {_FROM} WHERE m.id IN ({{}})"
TOPS: Final = "SELECT id, last_index, last_version FROM rooms WHERE id IN ({})"
AUTHORS: Final = (
    "SELECT m.room_id, p.id, p.username, p.display_name, m.read_index "
    "FROM memberships m JOIN people p ON p.id = m.person_id "
    "WHERE NOT p.is_disabled AND (m.room_id, m.person_id) IN (VALUES {})"
)


READ: Final = "UPDATE memberships SET read_index = ? WHERE room_id = ? AND person_id = ?"


def marks(count: int, width: int = 1) -> str:
    """Placeholders for ``count`` values, or for ``count`` rows of ``width`` values."""
    one = "?" if width == 1 else "(" + ", ".join("?" * width) + ")"
    return ", ".join([one] * count)
