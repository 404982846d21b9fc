"""Code of a known language, in colours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from chatapp.core.text import languages


def coloured(code: str, language: str) -> str:
    """The code as escaped HTML: ``com``, ``str``, ``num``, ``key``, ``fun``, ``ins`` or ``del`` is the class of a word
    that is one (comment, string, number, key word, what is called or named, inserted, deleted)."""
    name = language.lower()
    return "".join(_parts(code, languages.pattern(name))) if name in languages.LANGUAGES else escape(code)


def _parts(code: str, pattern: re.Pattern[str]) -> Iterator[str]:
    end = 0
    for word in pattern.finditer(code):
        yield escape(code[end : word.start()])
        yield f'<span class="{(word.lastgroup or "").rstrip("_")}">{escape(word[0])}</span>'
        end = word.end()
    yield escape(code[end:])
