"""Keeping a message at hand for the whole room."""

from __future__ import annotations

from chatapp.gateway.registry import Answer, Command, Index, Slug, command
from chatapp.gateway.socket import Socket


class PinMessage(Command, frozen=True, tag="pinMessage", kw_only=True):
    """Pin a message to its room."""

    room: Slug
    index: Index


class UnpinMessage(Command, frozen=True, tag="unpinMessage", kw_only=True):
    """Take a pin down."""

    room: Slug
    index: Index


@command(PinMessage)
async def add(socket: Socket, wanted: PinMessage) -> Answer:
    message = await socket.chat.pins.add(socket.identity.person, wanted.room, wanted.index)
    return Answer({"message": socket.wire(message, wanted.room)})


@command(UnpinMessage)
async def remove(socket: Socket, wanted: UnpinMessage) -> Answer:
    message = await socket.chat.pins.remove(socket.identity.person, wanted.room, wanted.index)
    return Answer({"message": socket.wire(message, wanted.room)})
