"""The nouns of a chat, as frozen structs. Moments are integer milliseconds since 1970, UTC."""

from __future__ import annotations

import re
from typing import Final, Literal

import msgspec

RoomKind = Literal["open", "closed", "direct"]
Role = Literal["owner", "member"]
# How much of a room somebody wants to hear of; what of it is shown where, says core/rooms.py.
Level = Literal["all", "mentions", "nothing", "hidden"]
MOST_IN_A_ROOM: Final = 2**32 - 1
DAMAGED: Final = "damaged"
# What somebody does, told of them: "/me waves".
ACTION: Final = "action"
# As core/text/drawing.py writes it.
_mention: Final = re.compile('<bdi class="mention" data-mention="([^"]+)">')
# So many of those who reacted with an emoji are named to clients, the first; they are all counted.
NAMED: Final = 50
# About as much do the addresses of a file take, and its numbers.
ADDRESSES: Final = 400
Theme = Literal["system", "light", "dark"]
# Hours from 1 to 12, from 0 to 23: as Unicode and ECMA-402 call it.
HourCycle = Literal["h12", "h23"]
Density = Literal["comfortable", "compact"]
AccountState = Literal["active", "unverified", "disabled"]
LinkPurpose = Literal["verify", "reset"]
Presence = Literal["online", "away", "offline"]


class Person(msgspec.Struct, frozen=True):
    """An account. Never carries the password hash. ``is_hidden``: to others they are offline whatever they do.
    ``language``: a tag of ``core.language.LANGUAGES``, or "" for that of the browser. ``is_away``: shown as away
    wherever they are online, with ``status`` as the reason, until they say otherwise. ``hour_cycle``: ""
    for that of the browser. ``density``: how close together things stand on their pages."""

    id: int
    username: str
    display_name: str
    email: str = ""
    is_admin: bool = False
    is_disabled: bool = False
    is_verified: bool = False
    theme: Theme = "system"
    time_zone: str = ""
    created_at: int = 0
    is_hidden: bool = False
    language: str = ""
    is_away: bool = False
    status: str = ""
    hour_cycle: HourCycle | Literal[""] = ""
    density: Density = "comfortable"


class Account(msgspec.Struct, frozen=True):
    """A person as administrators see them. ``seen_at``: when a session or token that they still have was last used."""

    person: Person
    seen_at: int | None = None
    is_here: bool = False

    @property
    def state(self) -> AccountState:
        if self.person.is_disabled:
            return "disabled"
        return "active" if self.person.is_verified else "unverified"


class Identity(msgspec.Struct, frozen=True):
    """Who is asking, and by which credential: exactly one of the two ids is set,
    or neither for a token minted by another program that shares our secret.
    ``expires_at`` is the moment at which the credential ends by itself; None: it does not."""

    person: Person
    session_digest: str | None = None
    token_id: int | None = None
    expires_at: int | None = None

    def is_expired(self, now: int) -> bool:
        return self.expires_at is not None and self.expires_at <= now


class Room(msgspec.Struct, frozen=True):
    """A place to talk. ``slug`` never changes, ``name`` may; a direct room has neither topic nor name.
    ``last_index`` counts posts, ``last_version`` counts changes."""

    id: int
    slug: str
    name: str
    topic: str
    kind: RoomKind
    created_by: int | None = None
    created_at: int = 0
    last_index: int = 0
    last_version: int = 0


class Member(msgspec.Struct, frozen=True):
    """Somebody in a room. ``status``: as others may see it."""

    person_id: int
    username: str
    display_name: str
    role: Role
    joined_at: int = 0
    status: str = ""


class Roommate(msgspec.Struct, frozen=True):
    """Somebody with the ids of the rooms they are in: who is in one of those may know whether they are here."""

    username: str
    is_hidden: bool
    is_away: bool
    rooms: frozenset[int]
    status: str = ""


def mentioned(html: str) -> tuple[str, ...]:
    """Whom a body names; see :attr:`Message.mentions`."""
    return tuple(dict.fromkeys(_mention.findall(html))) if "data-mention" in html else ()


def message_id(room_id: int, index: int) -> int:
    """The id of a room's post: unique, known before it is stored, ordered as the room is."""
    # Clamped, since an index from outside must never reach into the next room's ids.
    return room_id << 32 | min(max(index, 0), MOST_IN_A_ROOM)


class Reaction(msgspec.Struct, frozen=True, array_like=True):
    """One emoji under a message, and who gave it, in the order they did."""

    emoji: str
    usernames: tuple[str, ...]


class Attach(msgspec.Struct, frozen=True):
    """An uploaded file to be sent with a message. ``alt``: what it shows, in words."""

    id: int
    alt: str = ""


class Attachment(msgspec.Struct, frozen=True, array_like=True):
    """A file of a message, of ``size`` bytes. ``width`` and ``height`` are a picture's, in pixels; 0 for all else."""

    id: int
    name: str
    size: int
    media_type: str
    width: int = 0
    height: int = 0
    alt: str = ""

    @property
    def is_picture(self) -> bool:
        return bool(self.width)


class File(msgspec.Struct, frozen=True):
    """A file as it was uploaded; ``index`` is that of the message it belongs to, None until it is sent.
    ``uploaded_by`` None, too: it belongs to nobody any more, and is about to go. ``copies``: what those of a picture
    take on the disk, in bytes, besides its own size."""

    room_id: int
    digest: str
    uploaded_by: int | None
    index: int | None
    shown: Attachment
    copies: int = 0


class Message(msgspec.Struct, frozen=True):
    """One post as it is now. ``html`` is empty where it would equal the escaped content.

    One of the kind :data:`DAMAGED` is not what was stored: the disk has altered it, and its words are left out."""

    id: int
    room_id: int
    index: int
    version: int
    author_id: int
    username: str
    display_name: str
    content: str
    html: str
    created_at: int
    edited_at: int | None = None
    is_deleted: bool = False
    reply_to: int | None = None
    client_id: str = ""
    kind: str = ""
    reactions: tuple[Reaction, ...] = ()
    pinned_at: int | None = None
    attachments: tuple[Attachment, ...] = ()

    @property
    def is_damaged(self) -> bool:
        return self.kind == DAMAGED

    @property
    def is_action(self) -> bool:
        return self.kind == ACTION

    @property
    def mentions(self) -> tuple[str, ...]:
        """Usernames, ``@room`` and ``@here``, in order. Read off the html: it is stored with the row, under its
        checksum, and a username never changes."""
        return mentioned(self.html)

    @property
    def is_pinned(self) -> bool:
        return self.pinned_at is not None

    @property
    def characters(self) -> int:
        """How much there is to send of it, about."""
        words = len(self.content) + len(self.html)
        if self.reactions:
            names = (name for each in self.reactions for name in (each.emoji, *each.usernames[:NAMED]))
            words += sum(len(name) + 3 for name in names)
        if self.attachments:
            words += sum(2 * len(each.name) + len(each.alt) + ADDRESSES for each in self.attachments)
        return words


class Revision(msgspec.Struct, frozen=True):
    """What a message said before it was edited; without its words where the disk has altered them."""

    content: str
    written_at: int
    is_damaged: bool = False


class History(msgspec.Struct, frozen=True):
    """Part of a room's log and where its top stood at that moment.
    ``is_complete`` is false when the messages do not join up with what was asked for."""

    messages: tuple[Message, ...]
    index: int
    version: int
    is_complete: bool = True
