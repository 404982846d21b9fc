"""Saying something, changing it, taking it back, and asking what was said."""

from __future__ import annotations

from typing import Annotated

import msgspec

from chatapp.core.files import Description, FileId, NewAttachment, wished
from chatapp.gateway.registry import Answer, Command, Index, Slug, command
from chatapp.gateway.socket import Socket


class SendMessage(Command, frozen=True, tag="sendMessage", kw_only=True):
    """Post to a room; ``client_id`` is the idempotency key. ``attachments``: files uploaded before."""

    room: Slug
    content: str
    client_id: Annotated[str, msgspec.Meta(max_length=64)] = ""
    reply_to: Index | None = None
    attachments: tuple[FileId | NewAttachment, ...] = ()


class GetRecentMessages(Command, frozen=True, tag="getRecentMessages", kw_only=True):
    """The newest messages, or those just below ``before``."""

    room: Slug
    limit: Annotated[int, msgspec.Meta(ge=0, le=200)] = 10
    before: Index | None = None


class EditMessage(Command, frozen=True, tag="editMessage", kw_only=True):
    """New words for one's own message. ``descriptions``: what its files show, where that is said anew."""

    room: Slug
    index: Index
    content: str
    descriptions: tuple[Description, ...] = ()


class DeleteMessage(Command, frozen=True, tag="deleteMessage", kw_only=True):
    """A tombstone in place of a message."""

    room: Slug
    index: Index


@command(SendMessage)
async def send(socket: Socket, wanted: SendMessage) -> Answer:
    messages, actor = socket.chat.messages, socket.identity.person
    attached = wished(wanted.attachments)
    message = await messages.post(actor, wanted.room, wanted.content, wanted.client_id, wanted.reply_to, attached)
    return Answer({"message": socket.wire(message, wanted.room)})


@command(GetRecentMessages)
async def recent(socket: Socket, wanted: GetRecentMessages) -> Answer:
    messages, actor = socket.chat.messages, socket.identity.person
    if wanted.before is None:
        history = await messages.recent(actor, wanted.room, wanted.limit)
    else:
        history = await messages.before(actor, wanted.room, wanted.before, wanted.limit)
    return Answer({"messages": [socket.wire(message, wanted.room) for message in history.messages]})


@command(EditMessage)
async def edit(socket: Socket, wanted: EditMessage) -> Answer:
    messages, actor = socket.chat.messages, socket.identity.person
    described = wished(wanted.descriptions)
    message = await messages.edit(actor, wanted.room, wanted.index, wanted.content, described)
    return Answer({"message": socket.wire(message, wanted.room)})


@command(DeleteMessage)
async def delete(socket: Socket, wanted: DeleteMessage) -> Answer:
    message = await socket.chat.messages.delete(socket.identity.person, wanted.room, wanted.index)
    return Answer({"message": socket.wire(message, wanted.room)})
