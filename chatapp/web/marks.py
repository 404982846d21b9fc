"""How somebody without a picture looks, initials on a hue, and the first words of a message where it is quoted.
The page's scripts count the same way."""

from __future__ import annotations

import re
from html import unescape
from typing import Final

HUES: Final = 12
MOST_INITIALS: Final = 2
MOST_WORDS: Final = 120

_break: Final = re.compile(r"<br>|</(?:p|pre|li|th|td)>")
_tag: Final = re.compile(r"<[^>]*>")


def hue(username: str) -> int:
    return sum(map(ord, username)) % HUES


def initials(name: str) -> str:
    """The first code point of the first two parts of a name."""
    parts = [part for part in re.split(r"[\s._-]+", name) if part]
    return "".join(part[0] for part in parts[:MOST_INITIALS]).upper()


def plain(content: str, html: str) -> str:
    """What a message shows, without how: ``content`` where it is shown as it was typed and ``html`` is empty."""
    return unescape(_tag.sub("", _break.sub(" ", html))) if html else content


def first_words(content: str) -> str:
    """The beginning of a text, in one line."""
    line = " ".join(content.split())
    return line if len(line) <= MOST_WORDS else f"{line[:MOST_WORDS].rstrip()}…"
