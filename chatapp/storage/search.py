"""What the rest asks of the index of messages, whichever engine keeps it. It is made of the log, and can be made again.

The index orders messages by their moment: a *position* is the moment and a number among those of one millisecond.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import sqlalchemy as sa

from chatapp.core.language import N_
from chatapp.core.models import Message
from chatapp.core.search import Token
from chatapp.storage import hot
from chatapp.storage.database import Reader
from chatapp.storage.tables import memberships, messages, people, rooms

# With any other shape of what is kept, the index is made anew.
SHAPE: Final = "4"
NUMBER_BITS: Final = 20
SEARCH_SECONDS: Final = 3.0
SLOW: Final = N_("This search takes too long. Add a word, a room or a date.")
AWAY: Final = N_("Searching is not possible right now. Please try again.")
LAST: Final = 2**63 - 1
# So many words that begin alike are looked for one by one, which ends at the first results.
MOST_BEGINNINGS: Final = 500


class Entry(msgspec.Struct, frozen=True):
    """A message as it is indexed; without tokens it is taken out."""

    message_id: int
    created_at: int
    tokens: str


class Asked(msgspec.Struct, frozen=True):
    """All of ``every``, one of each of ``some``, none of ``none``, in these rooms, at positions from ``low`` up to but
    without ``high``."""

    rooms: tuple[int, ...]
    every: tuple[Token, ...] = ()
    some: tuple[tuple[str, ...], ...] = ()
    none: tuple[Token, ...] = ()
    low: int = 0
    high: int = LAST


class Found(NamedTuple):
    """A message that had these tokens when it was indexed."""

    position: int
    message_id: int


def position(moment: int) -> int:
    """Of the first message of a millisecond; of one that positions do not reach, in the year 2248, the last of all."""
    return min(max(0, moment) << NUMBER_BITS, LAST)


def moment(at: int) -> int:
    return at >> NUMBER_BITS


class SearchIndex(ABC):
    """Its methods raise ``Unavailable`` when it cannot answer, or not in the time that one search may take."""

    @abstractmethod
    async def reached(self) -> dict[int, int]:
        """Of each room the version up to which it is indexed."""

    async def leads(self) -> bool:
        """Whether it is this process that follows the log."""
        return True

    @abstractmethod
    async def store(self, room_id: int, version: int, entries: Sequence[Entry]) -> None:
        """Index these messages anew and note that the room is indexed up to that version, in one transaction."""

    @abstractmethod
    async def clear(self) -> None:
        """Begin anew."""

    async def forget(self) -> bool:
        """Take a step in leaving no trace of what was taken out on the disk; False when nothing is left to do."""
        return False

    @abstractmethod
    async def find(self, asked: Asked, limit: int) -> list[Found]:
        """The newest first."""

    @abstractmethod
    async def scan(self, asked: Asked, inside: Sequence[str], rows: int, limit: int) -> tuple[list[Found], int | None]:
        """As :meth:`find`, of the newest ``rows`` entries those with each of ``inside`` within a token; and the
        position to go on below, None at the end. ``every`` is not asked for."""

    @abstractmethod
    async def close(self) -> None: ...


async def tops(db: Reader) -> dict[int, int]:
    """The last version of every room."""
    return {row[0]: row[1] for row in await db.all(sa.select(rooms.c.id, rooms.c.last_version))}


async def readable(db: Reader, person_id: int, ids: Sequence[int]) -> dict[int, Message]:
    """Those of the messages, as they are now, that are not deleted and in a room that the person is in now."""
    # Not a join: SQLite would go through all messages of the person's rooms.
    is_mine = sa.exists().where(memberships.c.room_id == messages.c.room_id, memberships.c.person_id == person_id)
    asked = (
        sa.select(*hot.MESSAGE)
        .outerjoin(people, people.c.id == messages.c.author_id)
        .where(messages.c.id.in_(ids), is_mine, ~messages.c.is_deleted)
    )
    return {message.id: message for message in map(hot.to_message, await db.all(asked))}
