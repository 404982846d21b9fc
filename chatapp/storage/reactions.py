"""Who reacted to a message, as its row holds it: no table of their own, and nothing to look up where there are none."""

from __future__ import annotations

from typing import Final

import msgspec

from chatapp.core.models import Reaction

Reactions = tuple[Reaction, ...]
"""In the order in which each emoji was first given."""

_encoder: Final = msgspec.json.Encoder()
_decoder: Final = msgspec.json.Decoder(Reactions)


def written(given: Reactions) -> str:
    """As JSON, ``[["👍", ["ada", "grace"]]]``; empty where there are none."""
    return _encoder.encode(given).decode() if given else ""


def read(text: str) -> Reactions:
    """What :func:`written` has made of some."""
    return _decoder.decode(text)


def added(given: Reactions, emoji: str, username: str) -> Reactions:
    """The same object where that person has given it already."""
    before = next((each for each in given if each.emoji == emoji), None)
    if before is None:
        return *given, Reaction(emoji, (username,))
    if username in before.usernames:
        return given
    after = Reaction(emoji, (*before.usernames, username))
    return tuple(after if each is before else each for each in given)


def removed(given: Reactions, emoji: str, username: str) -> Reactions:
    """The same object where that person has not given it."""
    before = next((each for each in given if each.emoji == emoji), None)
    if before is None or username not in before.usernames:
        return given
    after = Reaction(emoji, tuple(name for name in before.usernames if name != username))
    left = (after if each is before else each for each in given)
    return tuple(each for each in left if each.usernames)
