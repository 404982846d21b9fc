"""Who and what a message names: ``@username``, ``@room``, ``@here``, ``#room``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

EVERYBODY: Final = "@room"
# Those who have the chat open at that moment: nothing is kept for anybody else.
WHO_IS_HERE: Final = "@here"
SPECIAL: Final = frozenset({"room", "here"})
# A message that calls more people than these is asked about before it is sent.
MOST_UNASKED: Final = 20
# Names beyond these stay text: each is looked up.
MOST_NAMES: Final = 50

# Chinese, Japanese and Korean are written without spaces: a name may follow any of their characters.
CJK: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
# The letters of the name alone are compared without case: with the ranges above Python would take four times as long.
_sign: Final = re.compile(rf"(?<![^\W_{CJK}])(?<![@#/&])([@#])((?i:[a-z0-9][a-z0-9._-]{{0,63}}))")


class Names(msgspec.Struct, frozen=True):
    """``usernames`` with ``room`` and ``here`` among them where they are meant, ``slugs`` of rooms; ``titles`` of those
    by slug, where they are known."""

    usernames: frozenset[str] = frozenset()
    slugs: frozenset[str] = frozenset()
    titles: Mapping[str, str] = {}


NOBODY: Final = Names()


def named(content: str) -> Names:
    """What may be names: whether there is such a person or room is not known yet."""
    if "@" not in content and "#" not in content:
        return NOBODY
    found: dict[str, set[str]] = {"@": set(), "#": set()}
    for sign, typed in _sign.findall(content):
        if len(found[sign]) < MOST_NAMES:
            found[sign].update(spellings(typed))
    return Names(frozenset(found["@"]), frozenset(found["#"]))


def calls_everybody(content: str) -> bool:
    """Whether it may: in code, say, such a name is none."""
    return not named(content).usernames.isdisjoint(SPECIAL)


def spellings(typed: str) -> list[str]:
    """A name without what may be the punctuation of the sentence, and as it was typed.

    The shortest first: who calls themselves "ada." is not meant where a sentence ends with @ada.
    """
    name = typed.lower()
    bare = name.rstrip("._-")
    return [name[:length] for length in range(len(bare), len(name) + 1)]
