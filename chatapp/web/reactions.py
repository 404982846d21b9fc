"""How reactions look: the emoji that are at hand, and what a chip says. The page's scripts say the same."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

import msgspec

from chatapp.core import emoji
from chatapp.core.models import Reaction
from chatapp.web.language import _

QUICK: Final = ("👍", "❤️", "😂", "🎉", "👀", "✅", "🙏")
NAMED: Final = 10


class Quick(msgspec.Struct, frozen=True):
    emoji: str
    name: str


class Chip(msgspec.Struct, frozen=True):
    """``label`` is what it is called, ``title`` who gave it."""

    emoji: str
    name: str
    count: int
    is_mine: bool
    label: str
    title: str


@cache
def quick_emoji() -> tuple[Quick, ...]:
    return tuple(Quick(each, emoji.name(each)) for each in QUICK)


def chips(reactions: Sequence[Reaction], username: str) -> list[Chip]:
    """Those of a message for one reader."""
    return [_chip(each, username) for each in reactions]


def _chip(given: Reaction, username: str) -> Chip:
    name, count, is_mine = emoji.name(given.emoji), len(given.usernames), username in given.usernames
    said = {"name": name, "n": count}
    label = _("{name}, {n}, including you").format(**said) if is_mine else _("{name}, {n}").format(**said)
    title = ", ".join(given.usernames[:NAMED]) + (f", +{count - NAMED}" if count > NAMED else "")
    return Chip(given.emoji, name, count, is_mine, label, title)
