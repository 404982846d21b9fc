"""What somebody looks for: words, quotes, exclusions and filters, understood from one line of text."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Final

import msgspec

from chatapp.core.errors import invalid
from chatapp.core.language import _
from chatapp.core.models import Message, Person
from chatapp.core.rooms import is_named
from chatapp.core.searchable import LONGEST, Word, bigrams, composed, runs, spellings, words

LONGEST_QUERY: Final = 400
MOST_TERMS: Final = 20
# Shorter ones are looked for as they are: half of all words begin with any one letter.
LEAST_BEGINNING: Final = 3
FIRST_DAY: Final = date(1971, 1, 1)
LAST_DAY: Final = date(9998, 12, 31)

_PIECE: Final = re.compile(
    r"""(?P<minus>(?<!\S)-(?!-))?
        (?:(?P<name>[a-z]+)[:\uff1a](?=\S))?
        (?:"(?P<quoted>[^"]*)"?|(?P<plain>[^\s"]+))""",
    re.IGNORECASE | re.VERBOSE,
)
_LINK: Final = re.compile(r"https?://[^\s/]|(?<![a-z0-9.:/\\_@-])www\.[^\s./]+\.[^\W\d_]{2}", re.IGNORECASE)


class Term(msgspec.Struct, frozen=True):
    """Words that follow each other. ``is_exact``: in quotes, else the last may go on. ``text`` as it was typed."""

    text: str
    words: tuple[Word, ...]
    is_exact: bool = False

    def spans(self, text: str, found: Sequence[Word]) -> list[tuple[int, int]]:
        """Where it is in a composed text of these words."""
        if len(self.words) == 1 and not self.is_exact and not self.words[0].is_dense:
            return [(word.start, word.end) for word in found if self._begins(word, text)]
        length = len(self.words)
        starts = (at for at in range(len(found) - length + 1) if self._is_at(found, at))
        return [(found[at].start, found[at + length - 1].end) for at in starts]

    def inside(self, found: Sequence[Word]) -> list[tuple[int, int]]:
        """Where its words are, in any order, and also within words; none unless all are there."""
        spans: list[tuple[int, int]] = []
        for run in runs(self.words):
            here = _touching(run, found) if run[0].is_dense else _within(run[0], found)
            if not here:
                return []
            spans += here
        return spans

    def _begins(self, word: Word, text: str) -> bool:
        asked = self.words[0].text[:LONGEST]
        if word.is_dense:
            return False
        if word.text.startswith(asked):
            return len(asked) >= LEAST_BEGINNING or word.text == asked
        return any(_goes_on(each, asked) for each in spellings(word, text)[1:])

    def _is_at(self, found: Sequence[Word], at: int) -> bool:
        *firsts, last = self.words
        if any(found[at + number].text != word.text for number, word in enumerate(firsts)):
            return False
        here = found[at + len(firsts)].text
        return here == last.text if self.is_exact or last.is_dense else _goes_on(here, last.text)


def _touching(run: Sequence[Word], found: Sequence[Word]) -> list[tuple[int, int]]:
    asked = [word.text for word in run]
    starts = range(len(found) - len(asked) + 1)
    here = [found[at : at + len(asked)] for at in starts]
    return [(part[0].start, part[-1].end) for part in here if [word.text for word in part] == asked]


def _within(asked: Word, found: Sequence[Word]) -> list[tuple[int, int]]:
    return [(word.start, word.end) for word in found if asked.text in word.text]


def _goes_on(word: str, asked: str) -> bool:
    return word.startswith(asked) if len(asked) >= LEAST_BEGINNING else word == asked


class Query(msgspec.Struct, frozen=True):
    """All ``terms`` and none of ``without``. Of several rooms, and of several people, one is enough. Rooms by their
    address or name, people by their username or display name. ``being`` holds names of :data:`PROPERTIES` and
    :data:`MENTION`, of all of which a message is. ``since`` a day, that day included; ``before`` another, that day
    not. ``misread``: what looks like a filter and is none, looked for as text."""

    text: str = ""
    terms: tuple[Term, ...] = ()
    without: tuple[Term, ...] = ()
    rooms: tuple[str, ...] = ()
    not_rooms: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    not_people: tuple[str, ...] = ()
    being: tuple[str, ...] = ()
    not_being: tuple[str, ...] = ()
    since: date | None = None
    before: date | None = None
    misread: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Nothing is said of what is looked for, at most of what is not."""
        return not (self.terms or self.rooms or self.people or self.being or self.since or self.before)


def parse(text: str) -> Query:
    """What is not understood is looked for as text. Raises ``Invalid`` for too much of it."""
    if len(text) > LONGEST_QUERY:
        raise invalid(
            "q",
            _("A search may have {n} characters; this one has {found}.").format(n=LONGEST_QUERY, found=len(text)),
        )
    found: dict[str, list[object]] = {}
    for name, value in _pieces(composed(text)):
        found.setdefault(name, []).append(value)
    if sum(len(values) for name, values in found.items() if name != "misread") > MOST_TERMS:
        raise invalid("q", _("A search may have {n} words and filters.").format(n=MOST_TERMS))
    fields: dict[str, object] = {name: tuple(values) for name, values in found.items()}
    fields |= {name: found[name][-1] for name in ("since", "before") if name in found}
    return msgspec.convert({"text": text, **fields}, Query)


FILTERS: Final = frozenset({"in", "from", "has", "is", "before", "after"})


def _pieces(text: str) -> Iterator[tuple[str, object]]:
    """Each with the field that it belongs to."""
    for piece in _PIECE.finditer(text):
        value = piece["plain"] if piece["quoted"] is None else piece["quoted"]
        is_without = piece["minus"] is not None
        known = _filter((piece["name"] or "").lower(), value, is_without=is_without) if piece["name"] else None
        if known is not None:
            yield known
            continue
        is_exact = piece["quoted"] is not None and not piece["name"]
        typed = value if is_exact else piece[0].removeprefix("-" if is_without else "")
        if (piece["name"] or "").lower() in FILTERS:
            yield "misread", typed
        if parts := tuple(words(typed)):
            yield "without" if is_without else "terms", Term(typed, parts, is_exact)


def _filter(name: str, value: str, *, is_without: bool) -> tuple[str, object] | None:
    if name in {"in", "from"}:
        field = "rooms" if name == "in" else "people"
        plain = composed(value.removeprefix("#" if name == "in" else "@").casefold())
        return (f"not_{field}" if is_without else field, plain) if plain else None
    if (known := f"{name}:{value.lower()}") in {*PROPERTIES, MENTION}:
        return "not_being" if is_without else "being", known
    if name in {"before", "after"} and not is_without:
        day = _day(value)
        return None if day is None else ("since" if name == "after" else "before", day)
    return None


def _day(value: str) -> date | None:
    try:
        found = date.fromisoformat(value) if value.isascii() else None
    except ValueError:
        return None
    return found if found and FIRST_DAY <= found <= LAST_DAY else None


PROPERTIES: Final[dict[str, Callable[[Message], bool]]] = {
    "has:file": lambda message: bool(message.attachments),
    "has:image": lambda message: any(each.is_picture for each in message.attachments),
    "has:link": lambda message: _LINK.search(message.content) is not None,
    "has:reaction": lambda message: bool(message.reactions),
    "is:pinned": lambda message: message.is_pinned,
}
"""What a message can be, by the filter for it, which is its token too."""
MENTION: Final = "is:mention"
"""What it can be besides, for the one who asks."""


class Token(msgspec.Struct, frozen=True):
    """One token of an index, or every one that begins so."""

    text: str
    is_beginning: bool = False


def room(room_id: int) -> str:
    """The token of all messages of a room. No word holds a colon."""
    return f"in:{room_id}"


def by(person_id: int) -> str:
    return f"by:{person_id}"


def to(name: str) -> str:
    """The token of what mentions somebody, by what it calls them; as letters and digits, of which tokens are."""
    return f"to:{name.encode().hex()}"


def wording(message: Message) -> str:
    """What a message is found by, composed: what it says, and the names and descriptions of its files."""
    files = [text for each in message.attachments for text in (each.name, each.alt) if text]
    return composed("\n".join([message.content, *files]))


def facets(message: Message) -> list[str]:
    """The tokens of what a message is, besides its words."""
    being = [name for name, is_so in PROPERTIES.items() if is_so(message)]
    return [room(message.room_id), by(message.author_id), *being, *map(to, message.mentions)]


def spans(query: Query, message: Message, reader: Person, *, is_slow: bool = False) -> list[tuple[int, int]] | None:
    """Where in its wording the query's words are; None for a message that is not what this reader looks for."""
    text = wording(message)
    where = places(query, text, is_slow=is_slow)
    if where is None or any(term.spans(text, words(text)) for term in query.without):
        return None
    is_right = all(_is_so(name, message, reader) for name in query.being)
    is_right = is_right and not any(_is_so(name, message, reader) for name in query.not_being)
    return where if is_right else None


def places(query: Query, text: str, *, is_slow: bool = False) -> list[tuple[int, int]] | None:
    """Where in a text the query's words are; None where one of them is not."""
    found = words(text)
    where: list[tuple[int, int]] = []
    for term in query.terms:
        here = term.inside(found) if is_slow and not term.is_exact else term.spans(text, found)
        if not here:
            return None
        where += here
    return where


def _is_so(name: str, message: Message, reader: Person) -> bool:
    return is_named(message, reader) if name == MENTION else PROPERTIES[name](message)


def tokens(term: Term) -> list[Token]:
    """What a message that holds the term has among its tokens, all of it."""
    found: list[Token] = []
    for run in runs(term.words):
        if not run[0].is_dense:
            is_open = run[0] is term.words[-1] and not term.is_exact
            text = run[0].text[:LONGEST]
            found.append(Token(text, is_open and len(text) >= LEAST_BEGINNING))
        elif len(run) == 1:
            found.append(Token(run[0].text, is_beginning=True))
        else:
            found += [Token(pair) for pair in [*bigrams(run)][:-1]]
    return found


def insides(term: Term) -> list[str]:
    """What each message that holds the term's words, if only within words, has within its tokens."""
    return [token.text for token in tokens(term)]
