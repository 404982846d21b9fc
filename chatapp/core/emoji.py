"""Emoji by themselves and by name, from the table that the picker shows too."""

from __future__ import annotations

from functools import cache
from typing import Final

import msgspec

from chatapp.core import language
from chatapp.places import folder

# Below static/.
TABLE: Final = "vendor/emojibase-data-17.0.0/emoji.json"
# The same emoji with their names in another language; a language that is not here has the English ones.
TRANSLATED: Final = {"zh-Hans": "vendor/emojibase-data-17.0.0/emoji.zh-Hans.json"}
MOST_CODE_POINTS: Final = 10
# In a character that would be drawn as text without it, and in some sequences. Keyboards often leave it out.
AS_PICTURE: Final = "\ufe0f"


class Emoji(msgspec.Struct, frozen=True):
    """``skins`` are the same with tones of skin, ``shortcodes`` its names between colons."""

    emoji: str
    name: str
    shortcodes: tuple[str, ...]
    keywords: tuple[str, ...]
    skins: tuple[str, ...] = ()


class Group(msgspec.Struct, frozen=True):
    name: str
    emoji: tuple[Emoji, ...]


def qualified(text: str) -> str:
    """The one emoji that the text is, spelt in full (UTS 51: fully qualified); "" where it is anything else."""
    return _spellings().get(text.replace(AS_PICTURE, ""), "")


def is_emoji(text: str) -> bool:
    """Exactly one emoji of Unicode: sequences, tones of skin, flags and keycaps included, however it is spelt."""
    return bool(qualified(text))


def named(shortcode: str) -> str:
    """The emoji of a name without its colons, such as ``tada`` or ``+1``; "" where there is none."""
    return _names().get(shortcode, "")


def alone(text: str) -> list[str]:
    """The emoji that a text consists of, in order; empty where it holds anything else but spaces between them."""
    found: list[str] = []
    rest = "".join(text.replace(AS_PICTURE, "").split())
    # Most text that could be asked about is words.
    if rest[:1] not in _beginnings():
        return []
    while rest:
        size = next((size for size in range(min(MOST_CODE_POINTS, len(rest)), 0, -1) if is_emoji(rest[:size])), 0)
        if not size:
            return []
        found.append(qualified(rest[:size]))
        rest = rest[size:]
    return found


def table() -> str:
    """Where the emoji are with their names in the current language: a path below static/."""
    return TRANSLATED.get(language.current(), TABLE)


def name(text: str) -> str:
    """What an emoji is called in the current language; one with a tone of skin as the one without."""
    return _descriptions(table()).get(text, text)


# Read on first use: few processes of the command line need it.
@cache
def _spellings() -> dict[str, str]:
    every = (spelling for emoji in _table() for spelling in (emoji.emoji, *emoji.skins))
    return {spelling.replace(AS_PICTURE, ""): spelling for spelling in every}


@cache
def _beginnings() -> frozenset[str]:
    return frozenset(spelling[0] for spelling in _spellings())


@cache
def _names() -> dict[str, str]:
    return {shortcode: emoji.emoji for emoji in _table() for shortcode in emoji.shortcodes}


@cache
def _descriptions(path: str) -> dict[str, str]:
    return {spelling: emoji.name for emoji in _table(path) for spelling in (emoji.emoji, *emoji.skins)}


def _table(path: str = TABLE) -> list[Emoji]:
    groups = msgspec.json.decode((folder("static") / path).read_bytes(), type=list[Group])
    return [emoji for group in groups for emoji in group.emoji]
