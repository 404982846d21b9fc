"""Giving an emoji to a message, and taking it back."""

from __future__ import annotations

from chatapp.gateway.registry import Answer, Command, Index, Slug, command
from chatapp.gateway.socket import Socket


class AddReaction(Command, frozen=True, tag="addReaction", kw_only=True):
    """React to a message with one emoji."""

    room: Slug
    index: Index
    emoji: str


class RemoveReaction(Command, frozen=True, tag="removeReaction", kw_only=True):
    """Take one's own reaction back."""

    room: Slug
    index: Index
    emoji: str


@command(AddReaction)
async def add(socket: Socket, wanted: AddReaction) -> Answer:
    actor = socket.identity.person
    message = await socket.chat.reactions.add(actor, wanted.room, wanted.index, wanted.emoji)
    return Answer({"message": socket.wire(message, wanted.room)})


@command(RemoveReaction)
async def remove(socket: Socket, wanted: RemoveReaction) -> Answer:
    actor = socket.identity.person
    message = await socket.chat.reactions.remove(actor, wanted.room, wanted.index, wanted.emoji)
    return Answer({"message": socket.wire(message, wanted.room)})
