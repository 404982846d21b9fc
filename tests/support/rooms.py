"""Closed rooms whose address a test knows beforehand, as there were before every one of them got an ending."""

from __future__ import annotations

import msgspec

from chatapp.core.models import Person, Room
from chatapp.domain.chat import Chat
from chatapp.storage import rooms


async def closed_room(chat: Chat, owner: Person, slug: str, name: str = "") -> Room:
    """Made as any other; then the ending is taken away."""
    room = await chat.rooms.create(owner, name=name or slug.title(), slug=slug, kind="closed")
    async with chat.access._database.transaction() as tx:
        await rooms.update(tx, room.id, slug=slug)
    return msgspec.structs.replace(room, slug=slug)
