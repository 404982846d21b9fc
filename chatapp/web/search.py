"""A search as its address says it, and what was found as a reader sees it: a part of each message, with marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from aiohttp import web

from chatapp.core.models import Person
from chatapp.core.search import Query, parse, places, wording
from chatapp.core.text.plain import plain
from chatapp.domain.search import PAGE, Days, Hit, Results
from chatapp.keys import CHAT
from chatapp.web import query
from chatapp.web.language import _
from chatapp.web.moments import Moments

# So much of a message, and of that so much before the first mark.
SHOWN: Final = 320
BEFORE: Final = 80
ELLIPSIS: Final = "…"
WORD: Final = re.compile(r"\S+\s*$")
# Below 2 to the 63rd.
PLACE: Final = re.compile(r"[0-7]?[0-9a-f]{1,15}")


class Piece(msgspec.Struct, frozen=True):
    """A part of the text, marked or not."""

    text: str
    is_marked: bool = False


async def found(request: web.Request, me: Person, asked: Query, limit: int = PAGE) -> Results:
    """Of the query, the page that the address asks for. Raises what :meth:`chatapp.domain.search.Search.find` does."""
    search = request.config_dict[CHAT].search
    days = _days(asked, Moments(me.time_zone))
    return await search.find(me, asked, days, below=_place(request), limit=limit, is_slow=query.flag(request, "slow"))


def wanted(request: web.Request) -> Query:
    """Raises ``Invalid`` for more than a search may have."""
    return parse(query.text(request, "q"))


def place(position: int) -> str:
    """A position as it stands in an address."""
    return f"{position:x}"


def excerpt(hit: Hit, asked: Query, *, is_slow: bool) -> list[Piece]:
    """The text around the first mark, in pieces."""
    text, where = _shown(hit, asked, is_slow=is_slow)
    spans = list(_apart(where))
    start = max(0, spans[0][0] - BEFORE) if spans else 0
    if start:
        # From the beginning of a word on.
        cut = WORD.search(text[:start])
        start = cut.start() if cut and start - cut.start() < BEFORE else start
    end = min(len(text), start + SHOWN)
    pieces = [Piece(ELLIPSIS)] if start else []
    for at, until in spans:
        if at >= end:
            break
        pieces += [Piece(text[start:at]), Piece(text[at : min(until, end)], is_marked=True)]
        start = min(until, end)
    pieces.append(Piece(text[start:end] + (ELLIPSIS if end < len(text) else "")))
    return [piece for piece in pieces if piece.text]


def _shown(hit: Hit, asked: Query, *, is_slow: bool) -> tuple[str, Sequence[tuple[int, int]]]:
    """What the message shows, and where the words are; as it was written, where some are in what is not shown."""
    message = hit.message
    text = wording(msgspec.structs.replace(message, content=plain(message.content, message.html)))
    where = places(asked, text, is_slow=is_slow)
    return (wording(message), hit.spans) if where is None else (text, where)


def _apart(spans: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The same places, in order and none within another."""
    end = 0
    for at, until in sorted(set(spans)):
        if until > end:
            yield max(at, end), until
            end = until


def _days(asked: Query, moments: Moments) -> Days:
    return Days(*(None if day is None else moments.begin(day) for day in (asked.since, asked.before)))


def _place(request: web.Request) -> int | None:
    value = query.text(request, "below")
    if not value:
        return None
    if not PLACE.fullmatch(value):
        raise query.wrong("below", _("There is no such place in the results."))
    return int(value, 16)
