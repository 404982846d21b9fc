"""How far somebody has read: on, and back."""

from __future__ import annotations

from chatapp.core.models import Room
from chatapp.core.reads import ReadMark
from chatapp.gateway.registry import Answer, Command, Index, Position, Slug, Version, command
from chatapp.gateway.socket import Socket


class MarkRead(Command, frozen=True, tag="markRead", kw_only=True):
    """Move the read position forward to ``index``, unless the person has gone back since ``turn``."""

    room: Slug
    index: Position
    turn: Version | None = None


class MarkUnread(Command, frozen=True, tag="markUnread", kw_only=True):
    """Move the read position back to before ``index``."""

    room: Slug
    index: Index


class UndoRead(Command, frozen=True, tag="undoRead", kw_only=True):
    """Move the read position back to where the last advance found it."""

    room: Slug


@command(MarkRead)
async def mark_read(socket: Socket, wanted: MarkRead) -> Answer:
    actor, slug, index = socket.identity.person, wanted.room, wanted.index
    unread = await socket.chat.memberships.mark_read(actor, slug, index, turn=wanted.turn, heard_by=socket)
    return Answer({"unread": unread})


@command(MarkUnread)
async def mark_unread(socket: Socket, wanted: MarkUnread) -> Answer:
    return _answer(*await socket.chat.memberships.mark_unread(socket.identity.person, wanted.room, wanted.index))


@command(UndoRead)
async def undo_read(socket: Socket, wanted: UndoRead) -> Answer:
    return _answer(*await socket.chat.memberships.undo_read(socket.identity.person, wanted.room))


def _answer(room: Room, mark: ReadMark) -> Answer:
    return Answer({"read_index": mark.index, "read_turn": mark.turn, "unread": room.last_index - mark.index})
