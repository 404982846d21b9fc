"""A room, and a message in it, as one person sees them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from chatapp.core.models import Level, Message, Person, Role, Room
from chatapp.core.reads import ReadMark
from chatapp.core.searchable import composed
from chatapp.core.text import EVERYBODY, WHO_IS_HERE

# The slug of the room that everybody is in.
GENERAL: Final = "general"


class RoomView(msgspec.Struct, frozen=True):
    """A room as one person sees it in a list: ``title`` is the name, or the other person's; ``mentions`` are the
    indexes of what they have not read and what names them."""

    room: Room
    title: str
    members: int
    role: Role | None = None
    mark: ReadMark = ReadMark()
    other_username: str = ""
    mentions: tuple[int, ...] = ()
    level: Level = "all"

    @property
    def is_member(self) -> bool:
        return self.role is not None

    @property
    def read_index(self) -> int:
        return self.mark.index

    @property
    def counted(self) -> int:
        """As :attr:`unread`, where the person wants to see it. In a direct room everything is meant for them."""
        is_wanted = self.level == "all" or (self.room.kind == "direct" and self.level != "nothing")
        return self.unread if is_wanted else 0

    @property
    def named(self) -> int:
        """How many mentions the person wants to see."""
        return 0 if self.level == "nothing" else len(self.mentions)

    @property
    def news(self) -> int:
        """How much of both there is: a mention is one of what is counted, where that is."""
        return max(self.counted, self.named)

    @property
    def is_listed(self) -> bool:
        """A hidden room comes back while somebody wants the person in it."""
        return self.level != "hidden" or self.news > 0

    @property
    def unread(self) -> int:
        return max(0, self.room.last_index - self.read_index) if self.is_member else 0


def called(views: Iterable[RoomView], name: str) -> list[RoomView]:
    """Those that people mean by the name, without regard to case: the room of that address, else all that bear the
    name; a direct one by the other's ``@username``."""
    wanted = composed(name.casefold())
    found = [view for view in views if wanted in (view.room.slug, _name(view))]
    return [view for view in found if view.room.slug == wanted] or found


def holds(view: RoomView, wanted: str) -> bool:
    """Whether its name, its address or what it is about holds the words, without regard to case."""
    text = composed(wanted.strip().removeprefix("#").casefold())
    return any(text in composed(part.casefold()) for part in (view.title, view.room.slug, view.room.topic))


def _name(view: RoomView) -> str:
    return f"@{view.other_username}" if view.room.kind == "direct" else composed(view.room.name.casefold())


def calls(person: Person) -> tuple[str, ...]:
    """What a message that mentions them says: their username, or a word for everybody."""
    return person.username, EVERYBODY, WHO_IS_HERE


def is_named(message: Message, person: Person) -> bool:
    """Whether it mentions them. Others only: who writes "@room" is not told."""
    return message.author_id != person.id and not set(calls(person)).isdisjoint(message.mentions)
