"""How words are compared in every script: without regard to case, accents, width and the spelling of identifiers.

Of a text come *words*, where each sign of a script without spaces is one; of those come *tokens*, which an index keeps.
Normal forms are those of Unicode Standard Annex 15.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from typing import Final, NamedTuple

# Longer ones are what no person wrote, and nobody types the rest of one.
LONGEST: Final = 64
# A digest changes between letters and digits at every second sign, and nobody asks for such a part.
MOST_PARTS: Final = 8
# What is between words of a script without spaces: bigrams, and the last sign alone, which begins one.
BIGRAM: Final = 2
KNOWN: Final = 16_384

# Diacritics, Hebrew points, Arabic vowel signs, variation selectors. Other scripts' marks are letters to their readers.
_MARKS: Final = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06ed"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe00-\ufe0f\ufe20-\ufe2f\U0001f3fb-\U0001f3ff\U000e0100-\U000e01ef]"
)
# Letters whose sign is no mark to Unicode, and spellings of one Arabic letter; tatweel only makes words longer.
_LETTERS: Final = str.maketrans(
    {"øǿđðħıłŧ"[at]: "ooddhilt"[at] for at in range(8)}
    | {"þ": "th", "æ": "ae", "œ": "oe", "ى": "ي", "ی": "ي", "ک": "ك", "ة": "ه", "ـ": ""}
)
_ASCII_WORD: Final = re.compile("[A-Za-z0-9]+")
_NUMBER: Final = re.compile(r"(\d+)")


class Word(NamedTuple):
    """A word as it is compared, and where it stands in the text. ``is_dense``: one sign of a script without spaces,
    or a pictogram."""

    text: str
    start: int
    end: int
    is_dense: bool = False


def composed(text: str) -> str:
    """The text that words are of (NFC)."""
    return text if text.isascii() else unicodedata.normalize("NFC", text)


def words(text: str) -> list[Word]:
    """Of a composed text, in order."""
    if text.isascii():
        return [Word(found[0].lower(), found.start(), found.end()) for found in _ASCII_WORD.finditer(text)]
    return list(_words(text))


def _words(text: str) -> Iterator[Word]:
    letters, start, end = "", 0, 0
    for at, character in enumerate(text):
        folded = fold(character)
        if not folded:
            # A mark belongs to what it stands on.
            end = at + 1
        for part in folded:
            kind = _kind(part)
            if kind == "letter":
                start = start if letters else at
                letters, end = letters + part, at + 1
                continue
            if letters:
                yield Word(letters, start, end)
                letters = ""
            if kind == "dense":
                yield Word(part, at, at + 1, is_dense=True)
    if letters:
        yield Word(letters, start, end)


@lru_cache(KNOWN)
def fold(character: str) -> str:
    """What a character is compared as: several, or none for what has no width."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    kept = "".join(part for part in _MARKS.sub("", plain) if unicodedata.category(part) != "Cf")
    return unicodedata.normalize("NFC", kept.translate(_LETTERS))


def in_order(name: str) -> list[str | int]:
    """What a name is sorted by: as letters are compared, and "room 2" before "room 10"."""
    folded = name.lower() if name.isascii() else "".join(map(fold, name))
    return [int(part) if at % 2 else part for at, part in enumerate(_NUMBER.split(folded))]


@cache
def _dense() -> re.Pattern[str]:
    """Han, kana, bopomofo, hangul, yi, Thai, Lao, Myanmar, Khmer. Made when first asked for: a start needs none."""
    return re.compile(
        "[\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
        "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\u3105-\u312f\u31a0-\u31bf"
        "\uac00-\ud7a3\u1100-\u11ff\ua960-\ua97c\ud7b0-\ud7fb\ua000-\ua48c"
        "\u0e01-\u0e3a\u0e40-\u0e4e\u0e80-\u0ece\u1000-\u103f\u1050-\u109d\u1780-\u17d3]"
    )


@lru_cache(KNOWN)
def _kind(part: str) -> str:
    if _dense().match(part):
        return "dense"
    category = unicodedata.category(part)
    if category[0] in "LNM":
        return "letter"
    # Pictograms, those of later versions of Unicode too.
    return "dense" if category in {"So", "Cn", "Co"} else ""


def parts(raw: str) -> list[int]:
    """Where the further parts of an identifier begin, as it was written: at 3 and 7 of ``getHttpUrl``."""
    if raw.isalpha() and (raw[1:].islower() or raw.isupper()):
        return []
    found = [at for at in range(1, len(raw)) if _begins_part(raw, at)]
    return found if len(found) <= MOST_PARTS else []


def _begins_part(raw: str, at: int) -> bool:
    before, here = raw[at - 1], raw[at]
    if before.isdigit() != here.isdigit():
        return True
    if not here.isupper():
        return False
    return before.islower() or raw[at + 1 : at + 2].islower()


def spellings(word: Word, text: str) -> list[str]:
    """The word, and what follows from each part of it: of ``getHttpUrl`` also ``httpurl`` and ``url``."""
    return [word.text[:LONGEST], *_later_parts(text[word.start : word.end])]


def _later_parts(raw: str) -> list[str]:
    found = ("".join(map(fold, raw[at:]))[:LONGEST] for at in parts(raw))
    # Of the mark that makes a digit an emoji nothing is left.
    return [part for part in found if part]


def searchable(content: str) -> str:
    """The tokens of a message, each once, in order, separated by spaces."""
    text = composed(content)
    found: dict[str, None] = {}
    if text.isascii():
        # Most are, and every message is looked at once.
        for raw in _ASCII_WORD.findall(text):
            found[raw.lower()[:LONGEST]] = None
            if len(raw) > 1 and not raw.islower():
                found.update(dict.fromkeys(_later_parts(raw)))
        return " ".join(found)
    for run in runs(words(text)):
        for token in bigrams(run) if run[0].is_dense else spellings(run[0], text):
            found[token] = None
    return " ".join(found)


def runs(found: Sequence[Word]) -> Iterator[list[Word]]:
    """Words one by one, and together those of a script without spaces that touch."""
    run: list[Word] = []
    for word in found:
        if run and not (word.is_dense and run[-1].is_dense and word.start <= run[-1].end):
            yield run
            run = []
        run.append(word)
    if run:
        yield run


def bigrams(run: Sequence[Word]) -> Iterator[str]:
    """Every two signs that touch, and the last alone."""
    for at in range(len(run)):
        yield "".join(word.text for word in run[at : at + BIGRAM])
