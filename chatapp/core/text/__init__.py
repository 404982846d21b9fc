"""What a message may hold, and how its body is drawn: once, for all readers."""

from __future__ import annotations

import unicodedata

from chatapp.core.errors import Invalid, TooLarge, invalid
from chatapp.core.language import _
from chatapp.core.text.drawing import render
from chatapp.core.text.mentions import (
    EVERYBODY,
    MOST_UNASKED,
    NOBODY,
    SPECIAL,
    WHO_IS_HERE,
    Names,
    calls_everybody,
    named,
)

__all__ = [
    "EVERYBODY",
    "MOST_UNASKED",
    "NOBODY",
    "SPECIAL",
    "WHO_IS_HERE",
    "Names",
    "calls_everybody",
    "clean",
    "has_surrogate",
    "is_visible",
    "named",
    "render",
]


def clean(content: str, most: int) -> str:
    """The content as it came, byte for byte, or a refusal.

    Raises ``TooLarge`` over ``most`` code points and ``Invalid`` for what is blank or cannot be stored.
    """
    if len(content) > most:
        raise TooLarge(
            _("A message may have {most} characters; this one has {found}.").format(most=most, found=len(content))
        )
    if "\x00" in content or has_surrogate(content):
        raise Invalid(_("The message holds characters that are not text."))
    if not any(is_visible(character) for character in content):
        raise invalid("content", _("A message cannot be empty."))
    return content


def has_surrogate(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text)


def is_visible(character: str) -> bool:
    """Not a space, a control or a character of no width."""
    if character.isascii():
        return character > " " and character != "\x7f"
    return not character.isspace() and unicodedata.category(character) not in {"Cc", "Cf", "Cs", "Cn"}
