"""How a name may look: nothing in it turns, hides or covers, so that what is seen is what it is."""

from __future__ import annotations

import unicodedata
from itertools import pairwise
from typing import Final

MOST_MARKS: Final = 4

# These turn the text around them: a name could rewrite how its neighbours read.
BIDI: Final = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
# Letters, marks and symbols by category, blank to the eye.
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_JOINERS: Final = frozenset("\u200c\u200d")
_KEYCAP: Final = "\u20e3"
_BLACK_FLAG: Final = "\U0001f3f4"


def is_misleading(name: str) -> bool:
    """Whether it holds a control, a turning or a blank character, an invisible one where no script or picture needs it,
    or more marks on one letter than any language puts there."""
    padded = f" {name} "
    return any(map(_is_out_of_place, padded, padded[1:], padded[2:])) or _has_pile(padded)


def _is_out_of_place(before: str, character: str, after: str) -> bool:
    if character.isascii():
        return not character.isprintable()
    if character in _JOINERS:
        # Persian and Indic words need them, and pictures of several people; "a" and "d" of a name do not.
        return before.isascii() or after.isascii()
    if _selects_variant(character):
        return before.isascii() and after != _KEYCAP
    if _is_tag(character):
        return before != _BLACK_FLAG and not _is_tag(before)
    return character in BIDI or character in _BLANK or unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _selects_variant(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _is_tag(character: str) -> bool:
    """Spells a flag: England's is a black one with five of these behind."""
    return "\U000e0020" <= character <= "\U000e007f"


def _has_pile(text: str) -> bool:
    """Marks on nothing, or so many on one letter that they cover the lines around it."""
    marks = 0
    for before, character in pairwise(text):
        marks = marks + 1 if unicodedata.category(character) in {"Mn", "Me"} else 0
        if marks > MOST_MARKS or (marks == 1 and before == " "):
            return True
    return False
