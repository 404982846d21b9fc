"""What a message shows, without how: where it is quoted or told of. The page's scripts take the same words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import unescape
from typing import Final

from chatapp.core.models import Attachment

MOST_WORDS: Final = 120

_break: Final = re.compile(r"<br>|<(?:[uo]l|pre|div|blockquote)\b|</(?:p|pre|li|th|td)>")
_tag: Final = re.compile(r"<[^>]*>")


def plain(content: str, html: str) -> str:
    """``content`` where it is shown as it was typed and ``html`` is empty."""
    return unescape(_tag.sub("", _break.sub(r" \g<0>", html))) if html else content


def first_words(content: str) -> str:
    """The beginning of a text, in one line."""
    line = " ".join(content.split())
    return line if len(line) <= MOST_WORDS else f"{line[:MOST_WORDS].rstrip()}…"


def beginning(content: str, html: str, files: Sequence[Attachment] = ()) -> str:
    """The first words of a message; of one without any, what its files show or are called."""
    return first_words(plain(content, html) or ", ".join(file.alt or file.name for file in files))
