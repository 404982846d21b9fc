"""What a message may hold, and how its body is drawn: once, for all readers."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html import escape
from typing import Final

from linkify_it import LinkifyIt

from chatapp.core.errors import Invalid, TooLarge, invalid

# More links than these stay plain text, and what is looked through for them has an end: drawing is everybody's time.
MOST_LINKS: Final = 100
MOST_LOOKED_AT: Final = 150_000

_links = LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False, "fuzzy_ip": False})
_links.add("ftp:", None).add("//", None)
_scheme = re.compile(r"(?:https?|mailto):", re.IGNORECASE)
_gap = re.compile(r"\s|$")


def clean(content: str, most: int) -> str:
    """The content as it came, byte for byte, or a refusal.

    Raises ``TooLarge`` over ``most`` code points and ``Invalid`` for what is blank or cannot be stored.
    """
    if len(content) > most:
        raise TooLarge(f"A message may have {most} characters; this one has {len(content)}.")
    if "\x00" in content or has_surrogate(content):
        raise Invalid("The message holds characters that are not text.")
    if not any(is_visible(character) for character in content):
        raise invalid("content", "A message cannot be empty.")
    return content


def has_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def is_visible(character: str) -> bool:
    """Not a space, a control or a character of no width."""
    if character.isascii():
        return character > " " and character != "\x7f"
    return not character.isspace() and unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Cn"}


def render(content: str) -> str:
    """HTML of a body, or "" where it would equal the escaped content."""
    if ":" not in content:
        return ""
    parts: list[str] = []
    end = 0
    for link in _found(content):
        parts.append(escape(content[end : link.start]))
        parts.append(_anchor(content[link]))
        end = link.stop
    return "".join([*parts, escape(content[end:])]) if parts else ""


def _found(content: str) -> Iterator[slice]:
    # The linkifier's own search also tries what begins inside another link, which takes the square of the length.
    end = found = looked_at = 0
    for scheme in _scheme.finditer(content):
        if scheme.start() < end:
            continue
        gap = _gap.search(content, scheme.end())
        looked_at += (gap.start() if gap else len(content)) - scheme.end()
        if found == MOST_LINKS or looked_at > MOST_LOOKED_AT:
            return
        # What stands before it has a say.
        before = max(0, scheme.start() - 1)
        link = _links.match_at_start(content[before:])
        if link is not None:
            found, end = found + 1, before + link.last_index
            yield slice(scheme.start(), end)


def _anchor(url: str) -> str:
    return f'<a href="{escape(url)}" rel="nofollow noopener noreferrer" target="_blank">{escape(url)}</a>'
