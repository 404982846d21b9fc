"""How reactions look: the emoji that are at hand, and what a chip says. The page's scripts say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from chatapp.core import emoji
from chatapp.core.models import Reaction
from chatapp.web.language import _

QUICK: Final = ("👍", "❤️", "😂", "🎉", "👀", "✅", "🙏")
# Of those who gave an emoji so many are named where it is pointed at, and so many where it is read out.
NAMED: Final = 10
TOLD: Final = 3


class Quick(msgspec.Struct, frozen=True):
    emoji: str
    name: str


class Chip(msgspec.Struct, frozen=True):
    """``label`` is what it is called and who gave it, ``title`` more of those."""

    emoji: str
    name: str
    count: int
    is_mine: bool
    label: str
    title: str


def quick_emoji() -> tuple[Quick, ...]:
    return tuple(Quick(each, emoji.name(each)) for each in QUICK)


def chips(reactions: Sequence[Reaction], username: str, names: Mapping[str, str]) -> list[Chip]:
    """Those of a message for one reader; ``names`` are display names by username, as far as the page has them."""
    return [_chip(each, username, names) for each in reactions]


def _chip(given: Reaction, username: str, names: Mapping[str, str]) -> Chip:
    name, count, is_mine = emoji.name(given.emoji), len(given.usernames), username in given.usernames
    others = [names.get(each, each) for each in given.usernames[: TOLD + 1] if each != username]
    shown = ([_("you")] if is_mine else []) + others
    people, more = ", ".join(shown[:TOLD]), count - len(shown[:TOLD])
    told = _("{names} and {n} more").format(names=people, n=more) if more else people
    label = _("{name}, {n}: {names}").format(name=name, n=count, names=told)
    title = ", ".join(names.get(each, each) for each in given.usernames[:NAMED])
    title += f", +{count - NAMED}" if count > NAMED else ""
    return Chip(given.emoji, name, count, is_mine, label, title)
