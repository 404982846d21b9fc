"""What clients hear: the message object and the news, as they stand in docs/protocol.md."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

import msgspec

from chatapp.core import files
from chatapp.core.models import NAMED, Attachment, Level, Message, Person, Reaction

PROTOCOL: Final = 1
SECONDS: Final = 4096

_encoder = msgspec.json.Encoder()


def encode(value: Any) -> bytes:
    """Compact JSON, non-ASCII as UTF-8."""
    return _encoder.encode(value)


def timestamp(moment: int) -> str:
    """RFC 3339, UTC, milliseconds, ``Z``."""
    seconds, milliseconds = divmod(moment, 1000)
    return f"{_to_the_second(seconds)}.{milliseconds:03}Z"


# Drawn for every message that is sent, and most of those are of the same second.
@lru_cache(SECONDS)
def _to_the_second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]


class WireReaction(msgspec.Struct, frozen=True):
    """``usernames``: the first of those who are counted."""

    emoji: str
    count: int
    usernames: tuple[str, ...]


class WireAttachment(msgspec.Struct, frozen=True, omit_defaults=True):
    """A file as every client sees it; what only pictures have is left out for all else."""

    id: str
    name: str
    size: int
    type: str
    url: str
    width: int = 0
    height: int = 0
    alt: str = ""
    thumbnail: str = ""
    picture: str = ""


def wire_attachment(attachment: Attachment, room: str) -> WireAttachment:
    return WireAttachment(
        str(attachment.id),
        attachment.name,
        attachment.size,
        attachment.media_type,
        files.address(room, attachment),
        attachment.width,
        attachment.height,
        attachment.alt,
        files.thumbnail(room, attachment),
        files.picture(room, attachment),
    )


class WireMessage(msgspec.Struct, frozen=True, omit_defaults=True):
    """A message as every client sees it; a field at its default is left out."""

    id: str
    room: str
    index: int
    version: int
    username: str
    display_name: str
    timestamp: str
    content: str = ""
    html: str = ""
    edited_at: str | None = None
    deleted: bool = False
    reply_to: int | None = None
    reactions: tuple[WireReaction, ...] = ()
    mentions: tuple[str, ...] = ()
    attachments: tuple[WireAttachment, ...] = ()
    client_id: str = ""
    kind: str = ""
    pinned: bool = False


def wire(message: Message, room: str, *, with_html: bool = False) -> WireMessage:
    return WireMessage(
        str(message.id),
        room,
        message.index,
        message.version,
        message.username,
        message.display_name,
        timestamp(message.created_at),
        message.content,
        message.html if with_html else "",
        None if message.edited_at is None else timestamp(message.edited_at),
        message.is_deleted,
        message.reply_to,
        tuple(map(_reaction, message.reactions)) if message.reactions else (),
        message.mentions,
        attachments=tuple(wire_attachment(each, room) for each in message.attachments) if message.attachments else (),
        client_id=message.client_id,
        kind=message.kind,
        pinned=message.is_pinned,
    )


def _reaction(given: Reaction) -> WireReaction:
    return WireReaction(given.emoji, len(given.usernames), given.usernames[:NAMED])


class User(msgspec.Struct, frozen=True):
    """A person as others see them."""

    id: str
    username: str
    display_name: str


def user(person: Person) -> User:
    return User(str(person.id), person.username, person.display_name)


class Limits(msgspec.Struct, frozen=True):
    """Code points of a message, bytes of a frame."""

    content: int
    frame: int


class Event(msgspec.Struct, frozen=True, tag_field="event"):
    """News, named in the past tense or by the noun that changed."""


class Hello(Event, frozen=True, tag="hello"):
    protocol: int
    server: str
    connection: str
    user: User
    heartbeat: int
    spread: int
    limits: Limits
    epoch: str


class Messages(Event, frozen=True, tag="messages"):
    room: str
    messages: tuple[WireMessage, ...]


class Typing(Event, frozen=True, tag="typing"):
    room: str
    username: str
    display_name: str
    active: bool


class Presence(Event, frozen=True, tag="presence"):
    """Usernames. After a ``complete`` one everybody who is not named is offline. ``statuses``: by username, of those
    who are named and gave a reason."""

    online: tuple[str, ...]
    away: tuple[str, ...]
    offline: tuple[str, ...]
    complete: bool
    statuses: dict[str, str]


class Read(Event, frozen=True, tag="read"):
    """``turn`` counts how often the person has gone back by hand: of two, the news of the later turn holds."""

    room: str
    index: int
    unread: int
    turn: int = 0


class LevelChanged(Event, frozen=True, tag="levelChanged"):
    """How much of a room its reader wants to hear of, on all their sockets."""

    room: str
    level: Level


class RoomChanged(Event, frozen=True, tag="roomChanged"):
    room: str
    name: str
    topic: str
    kind: str


class RoomAdded(Event, frozen=True, tag="roomAdded"):
    room: str
    name: str
    topic: str
    kind: str
    index: int
    read_index: int


class RoomRemoved(Event, frozen=True, tag="roomRemoved"):
    room: str


class UserChanged(Event, frozen=True, tag="userChanged"):
    username: str
    display_name: str


class Draining(Event, frozen=True, tag="draining"):
    retry_after: int


class Close:
    """Why a socket was closed (RFC 6455 section 7.4, and our own from 4400 up)."""

    NORMAL: Final = 1000
    GOING_AWAY: Final = 1001
    PROTOCOL: Final = 1002
    BINARY: Final = 1003
    NOT_UTF8: Final = 1007
    TOO_LARGE: Final = 1009
    INTERNAL: Final = 1011
    RESTART: Final = 1012
    SESSION_ENDED: Final = 4401
    STALLED: Final = 4408
    FLOOD: Final = 4429
