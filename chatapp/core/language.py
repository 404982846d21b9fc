"""The languages the chat speaks, and its words in the one of whoever is being served, through gettext.

English is the source. ``_`` translates where a sentence is made, ``N_`` marks one that is translated later: by the
door that shows it.
"""

from __future__ import annotations

import gettext
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Final, Literal

from chatapp.places import folder

ENGLISH: Final = "en"
# By BCP 47 tag, as each calls itself. A catalogue lies in locales/, under the tag with "_" for "-".
LANGUAGES: Final = {ENGLISH: "English", "zh-Hans": "简体中文"}
# Tags that begin otherwise than the language they mean. None: another script, for which English is better.
ALIASES: Final[dict[str, str | None]] = {
    "zh": "zh-Hans",
    **dict.fromkeys(("zh-hant", "zh-tw", "zh-hk", "zh-mo", "yue"), None),
    "cmn": "zh-Hans",
    **dict.fromkeys(("cmn-hant", "cmn-tw"), None),
}
RIGHT_TO_LEFT: Final = frozenset({"ar", "dv", "fa", "he", "ps", "ur", "yi"})
MOST_ASKED: Final = 20

_known: Final[dict[str, str | None]] = {**{tag.lower(): tag for tag in LANGUAGES}, **ALIASES}
_current: ContextVar[str] = ContextVar("language", default=ENGLISH)


def current() -> str:
    """The tag of the language of the request, the socket or the mail that is being served; English outside of any."""
    return _current.get()


def direction() -> Literal["ltr", "rtl"]:
    """How the current language is written."""
    return "rtl" if current().partition("-")[0] in RIGHT_TO_LEFT else "ltr"


def begin(tag: str) -> None:
    """What this task says from here on, and tasks begun in it say, is in that language; in that of before where it is
    none that we speak, such as ""."""
    if tag in LANGUAGES:
        _current.set(tag)


@contextmanager
def speaking(tag: str) -> Iterator[None]:
    """The same for what is said inside the block."""
    token = _current.set(current())
    try:
        begin(tag)
        yield
    finally:
        _current.reset(token)


def _(text: str) -> str:
    """The text in the current language; as it is where there is no translation. "" would be the catalogue's head."""
    return catalogue(current()).gettext(text) if text else ""


def ngettext(one: str, many: str, number: int) -> str:
    """The form that belongs to the number in the current language."""
    return catalogue(current()).ngettext(one, many, number)


def N_(text: str) -> str:  # noqa: N802 - what gettext calls it everywhere
    """The text itself: marked for the catalogue, translated by whoever shows it."""
    return text


# Read once, when first needed: 2 ms.
@cache
def catalogue(tag: str) -> gettext.NullTranslations:
    """The translations into that language. Raises ``FileNotFoundError`` for one that has none."""
    if tag == ENGLISH:
        return gettext.NullTranslations()
    return gettext.translation("messages", folder("locales"), [tag.replace("-", "_")])


def negotiated(accepted: str) -> str:
    """The language that an ``Accept-Language`` header likes best of those we have, by lookup (RFC 4647, 3.4).

    English when it likes none. Garbage in it is passed over. Whoever asks for Chinese as written in Taiwan first does
    not mean simplified Chinese by a plain "zh" behind it, which browsers add.
    """
    declined: set[str] = set()
    for asked in by_liking(accepted):
        found, tag = _lookup(asked)
        if found and tag is None:
            declined.add(asked.partition("-")[0])
        elif tag and asked not in declined:
            return tag
    return ENGLISH


def by_liking(accepted: str) -> list[str]:
    """The tags of an ``Accept-Language`` header, in lower case, the best liked first."""
    ranges = []
    for each in accepted.lower().split(",")[:MOST_ASKED]:
        tag, _semicolon, weight = each.partition(";")
        liking = _liking(weight)
        if liking > 0:
            ranges.append((-liking, tag.strip()))
    return [tag for _negative, tag in sorted(ranges, key=lambda pair: pair[0])]


def _liking(weight: str) -> float:
    name, _equals, value = weight.strip().partition("=")
    try:
        return float(value) if name.strip() == "q" else 1.0
    except ValueError:
        return 0.0


def _lookup(asked: str) -> tuple[bool, str | None]:
    """Whether the tag, or what is left when its last parts are cut off, is known, and what it means."""
    while asked:
        if asked in _known:
            return True, _known[asked]
        asked = asked.rpartition("-")[0]
    return False, None
