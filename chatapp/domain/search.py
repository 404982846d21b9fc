"""Finding what was said, in the rooms that one is in."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Final

import msgspec

from chatapp.core import validation
from chatapp.core.errors import invalid
from chatapp.core.language import _
from chatapp.core.limits import Limits
from chatapp.core.models import Message, Person, Room
from chatapp.core.rooms import RoomView, called, calls
from chatapp.core.search import MENTION, Query, Token, by, insides, room, spans, to, tokens
from chatapp.domain.indexing import Indexing, Progress
from chatapp.storage import people, rooms
from chatapp.storage.database import Database
from chatapp.storage.search import LAST, Asked, Found, moment, position, readable

PAGE: Final = 20
MOST: Final = 100
# What is looked at for one page, where the words are there but do not follow each other as asked.
CANDIDATES: Final = 100
MOST_CANDIDATES: Final = 2000
# Of the slow search: so many entries at a time, and so many in all, before there is an answer.
SCANNED: Final = 10_000
MOST_SCANNED: Final = 200_000
# Where the rooms hold less than one message in so many, the index is asked for those rooms, else all are gone through.
SMALL_SHARE: Final = 10
MOST_ROOMS: Final = 200
MYSELF: Final = "me"

Part = tuple[Sequence[tuple[int, Message]], int | None]
"""Messages with their positions, and the position to go on below."""


class Hit(msgspec.Struct, frozen=True):
    """A message that was found, as it is now, and where in its wording (``core.search.wording``) the words are."""

    message: Message
    room: Room
    spans: tuple[tuple[int, int], ...]
    position: int


class Results(msgspec.Struct, frozen=True):
    """A page of hits, newest first. ``older``: the position to go on below, None where all was looked at.
    ``progress``: of the reader's rooms. ``unknown``: rooms and people of the query that there are not, for them."""

    hits: tuple[Hit, ...] = ()
    older: int | None = None
    progress: Progress = Progress()
    unknown: tuple[str, ...] = ()

    @property
    def back_to(self) -> int | None:
        """The moment down to which was looked."""
        return None if self.older is None else moment(self.older)


class Days(msgspec.Struct, frozen=True):
    """The moments at which the days of a query begin, for its reader."""

    since: int | None = None
    before: int | None = None


class Search:
    """Only in the rooms that the actor is in when the question is asked."""

    def __init__(self, *, database: Database, indexing: Indexing, limits: Limits) -> None:
        self._database = database
        self._index = indexing.index
        self.indexing = indexing
        self._limits = limits

    async def find(
        self,
        actor: Person,
        query: Query,
        days: Days,
        *,
        below: int | None = None,
        limit: int = PAGE,
        is_slow: bool = False,
    ) -> Results:
        """Messages that hold the words of the query; the slow way also within words. Nothing is marked as read.

        Raises ``Invalid`` for a query that says nothing, ``RateLimited``, and ``Unavailable`` for one that takes long.
        """
        if query.is_empty:
            raise invalid("q", _("Say what to look for: a word, a room, a person or a day."))
        self._limits.act("slow_search" if is_slow else "search", actor.id)
        progress = await self.indexing.catch_up()
        views = await rooms.joined(self._database, actor.id)
        known, unknown = await self._people(actor, query)
        chosen, nowhere = _chosen(query, views)
        unknown += nowhere
        if not chosen or (query.people and not any(name in known for name in query.people)):
            return Results(progress=await self._progress(views, progress), unknown=tuple(unknown))
        asked = _asked(actor, query, chosen, known, progress)
        asked = msgspec.structs.replace(asked, **_within(days, below))
        parts = self._scanned(actor, asked, query) if is_slow else self._looked_up(actor, asked, limit)
        found = {view.room.id: view.room for view in chosen}
        hits, older = await _gathered(parts, actor, query, found, limit, is_slow=is_slow)
        return Results(tuple(hits), older, await self._progress(views, progress), tuple(unknown))

    async def _progress(self, views: Sequence[RoomView], of_all: Progress) -> Progress:
        """Of these rooms alone: by the number of all changes one could count what is said where one may not read."""
        if of_all.left:
            return await self.indexing.progress({view.room.id for view in views})
        total = sum(view.room.last_version for view in views)
        return Progress(total, total)

    async def _people(self, actor: Person, query: Query) -> tuple[dict[str, list[int]], list[str]]:
        """Ids by what the query calls them; and whom there is not."""
        known: dict[str, list[int]] = {}
        for name in {*query.people, *query.not_people}:
            wanted = validation.sought(name)
            found = [actor] if name == MYSELF else await people.bearing(self._database, wanted) if wanted else []
            if found:
                known[name] = [person.id for person in found]
        return known, [f"@{name}" for name in query.people if name not in known]

    async def _looked_up(self, actor: Person, asked: Asked, limit: int) -> AsyncIterator[Part]:
        size, left = limit + 1, MOST_CANDIDATES
        while left > 0:
            found = await self._index.find(asked, size)
            high = found[-1].position if len(found) == size else None
            yield await self._read(actor, found), high
            if high is None:
                return
            asked = msgspec.structs.replace(asked, high=high)
            size, left = CANDIDATES, left - size

    async def _scanned(self, actor: Person, asked: Asked, query: Query) -> AsyncIterator[Part]:
        inside = [each for term in query.terms for each in insides(term)]
        for _part in range(MOST_SCANNED // SCANNED):
            found, high = await self._index.scan(asked, inside, SCANNED, CANDIDATES)
            yield await self._read(actor, found), high
            if high is None:
                return
            asked = msgspec.structs.replace(asked, high=high)

    async def _read(self, actor: Person, found: Sequence[Found]) -> list[tuple[int, Message]]:
        """The messages as they are now, of rooms that the actor is in now."""
        ids = [each.message_id for each in found]
        known = await readable(self._database, actor.id, ids) if ids else {}
        return [(each.position, known[each.message_id]) for each in found if each.message_id in known]


async def _gathered(
    parts: AsyncIterator[Part], actor: Person, query: Query, known: dict[int, Room], limit: int, *, is_slow: bool
) -> tuple[list[Hit], int | None]:
    """The first hits, and where to go on."""
    hits: list[Hit] = []
    rest: int | None = None
    async for part, rest in parts:  # noqa: B007 - what is left is told
        for at, message in part:
            # The index may lag behind what was edited, and knows nothing of the order of words.
            where = spans(query, message, actor, is_slow=is_slow)
            if where is None:
                continue
            if len(hits) == limit:
                return hits, hits[-1].position
            hits.append(Hit(message, known[message.room_id], tuple(where), at))
    return hits, rest


def _chosen(query: Query, views: Sequence[RoomView]) -> tuple[list[RoomView], list[str]]:
    """The rooms that are searched, and which of the query's there are not."""
    named = {name: called(views, name) for name in query.rooms}
    unknown = [f"#{name}" for name, found in named.items() if not found]
    chosen = [view for found in named.values() for view in found] if query.rooms else views
    left_out = {view.room.id for name in query.not_rooms for view in called(views, name)}
    return [view for view in chosen if view.room.id not in left_out], unknown


def _asked(
    actor: Person, query: Query, chosen: Sequence[RoomView], known: dict[str, list[int]], progress: Progress
) -> Asked:
    some = [tuple(by(each) for name in query.people for each in known.get(name, ()))] if query.people else []
    some += [tuple(map(to, calls(actor))) if name == MENTION else (name,) for name in query.being]
    none = [Token(by(each)) for name in query.not_people for each in known.get(name, ())]
    # What oneself says to everybody is no mention of oneself: whether one is meant is looked at in the message.
    none += [Token(name) for name in query.not_being if name != MENTION]
    # Quoted, a word excludes itself alone, and the index holds parts of words too.
    none += [token for term in query.without if len(term.words) == 1 and not term.is_exact for token in tokens(term)]
    every = [token for term in query.terms for token in tokens(term)]
    ids = tuple({view.room.id: None for view in chosen})
    share = sum(view.room.last_version for view in chosen)
    if len(ids) <= MOST_ROOMS and (not (every or some) or share * SMALL_SHARE < progress.total):
        some.append(tuple(room(each) for each in ids))
    return Asked(ids, tuple(every), tuple(some), tuple(none))


def _within(days: Days, below: int | None) -> dict[str, int]:
    high = LAST if days.before is None else position(days.before)
    return {"low": position(days.since or 0), "high": high if below is None else min(high, below)}
