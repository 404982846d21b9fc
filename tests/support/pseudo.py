"""Languages nobody speaks, to see what is not translated and what does not fit: accented, longer, in brackets.

``en-XA`` is written from left to right, ``ar-XB`` from right to left, as Android has them.
"""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import pytest

from chatapp.core import language

LEFT_TO_RIGHT: Final = "en-XA"
RIGHT_TO_LEFT: Final = "ar-XB"
# By 40 %, as what is short in English grows in other languages.
GROWS: Final = 0.4

_accented: Final = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "áƀçđéƒǵħíĵķłɱñóþɋřšťúṽŵẋýžÁƁÇĐÉƑǴĦÍĴĶŁṀÑÓÞɊŘŠŤÚṼŴẊÝŽ"
)
# Places and tags, which stay.
_kept: Final = re.compile(r"(\{\w*\}|%\(\w+\)[sd]|%%|</?\w+>)")


def pseudo(text: str) -> str:
    """The text as it would look in that language; a place in it stays one, and a line a line."""
    words = "".join(part if _kept.fullmatch(part) else part.translate(_accented) for part in _kept.split(text))
    more = " ".join(["ẽẽẽẽ"] * round(len(_kept.sub("", text)) * GROWS / 5))
    return f"⟦{words}{' ' if more else ''}{more}⟧"


class Pseudo(gettext.NullTranslations):
    """A catalogue that has every word."""

    def gettext(self, message: str) -> str:
        return pseudo(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return pseudo(msgid1 if n == 1 else msgid2)


@contextmanager
def spoken() -> Iterator[None]:
    """Servers of this process speak both."""
    real: Callable[[str], gettext.NullTranslations] = language.catalogue
    both = {LEFT_TO_RIGHT, RIGHT_TO_LEFT}
    with pytest.MonkeyPatch.context() as patch:
        for tag in both:
            patch.setitem(language.LANGUAGES, tag, pseudo("Pseudo"))
        patch.setattr(language, "catalogue", lambda tag: Pseudo() if tag in both else real(tag))
        yield
