"""What the rest asks of the index of messages, whichever engine keeps it. It is made of the log, and can be made again.

The index orders messages by their moment: a *position* is the moment and a number among those of one millisecond.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Final

import msgspec

from chatapp.core.models import Message
from chatapp.core.search import Token

# With any other shape of what is kept, the index is made anew.
SHAPE: Final = "1"
NUMBER_BITS: Final = 20
SEARCH_SECONDS: Final = 3.0
SLOW: Final = "This search takes too long. Add a word, a room or a date."
AWAY: Final = "Searching is not possible right now. Please try again."
LAST: Final = 2**63 - 1
# So many words that begin alike are looked for one by one, which ends at the first results.
MOST_BEGINNINGS: Final = 500


class Entry(msgspec.Struct, frozen=True):
    """A message as it is indexed; without tokens it is taken out."""

    message_id: int
    created_at: int
    tokens: str


class Behind(msgspec.Struct, frozen=True):
    """A room whose log goes on after the version that is indexed."""

    room_id: int
    version: int
    top: int


class Progress(msgspec.Struct, frozen=True):
    """How many changes of all rooms are indexed, and how many there are."""

    done: int
    total: int

    @property
    def left(self) -> int:
        return max(0, self.total - self.done)


class Asked(msgspec.Struct, frozen=True):
    """All of ``every``, one of each of ``some``, none of ``none``, in these rooms as far as the person is in them,
    at positions from ``low`` up to but without ``high``."""

    person_id: int
    rooms: tuple[int, ...]
    every: tuple[Token, ...] = ()
    some: tuple[tuple[str, ...], ...] = ()
    none: tuple[Token, ...] = ()
    low: int = 0
    high: int = LAST


class Candidate(msgspec.Struct, frozen=True):
    """A message as it is now, which had these tokens when it was indexed."""

    position: int
    message: Message


def position(moment: int) -> int:
    """Of the first message of a millisecond."""
    return max(0, moment) << NUMBER_BITS


def moment(at: int) -> int:
    return at >> NUMBER_BITS


class SearchIndex(ABC):
    """Its methods raise ``Unavailable`` when it cannot answer, or not in the time that one search may take."""

    @abstractmethod
    async def behind(self) -> list[Behind]:
        """The rooms of which something is not indexed."""

    @abstractmethod
    async def progress(self) -> Progress: ...

    @abstractmethod
    async def store(self, room_id: int, version: int, entries: Sequence[Entry]) -> None:
        """Index these messages anew and note that the room is indexed up to that version, in one transaction."""

    @abstractmethod
    async def candidates(self, asked: Asked, limit: int) -> list[Candidate]:
        """The newest first. Messages that were changed since are given as they are now, deleted ones left out."""

    @abstractmethod
    async def scan(
        self, asked: Asked, inside: Sequence[str], rows: int, limit: int
    ) -> tuple[list[Candidate], int | None]:
        """As :meth:`candidates`, of the newest ``rows`` entries those with each of ``inside`` within a token;
        and the position to go on below, None at the end. Of the tokens asked for only those of people and properties
        count."""

    @abstractmethod
    async def close(self) -> None: ...
