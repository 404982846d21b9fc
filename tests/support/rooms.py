"""Closed rooms whose address a test knows beforehand, as there were before every one of them got an ending; and people
who are not in general, as nobody is who has an account, so that what counts is the other rooms."""

from __future__ import annotations

import msgspec

from chatapp.core.models import Person, Room
from chatapp.domain.chat import Chat
from chatapp.storage import memberships, rooms


async def closed_room(chat: Chat, owner: Person, slug: str, name: str = "") -> Room:
    """Made as any other; then the ending is taken away."""
    room = await chat.rooms.create(owner, name=name or slug.title(), slug=slug, kind="closed")
    async with chat.access._database.transaction() as tx:
        await rooms.update(tx, room.id, slug=slug)
    return msgspec.structs.replace(room, slug=slug)


async def outside_of_general(chat: Chat, *people: Person) -> None:
    """To be called before they connect: nobody is told."""
    async with chat.access._database.transaction() as tx:
        for person in people:
            await memberships.delete(tx, 1, person.id)
