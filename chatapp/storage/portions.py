"""Much that is little each, some of it in each turn of the event loop: everything else waits meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

# Whoever waits for an answer goes on with it in the next turn, which takes up to two tenths of a millisecond each.
ANSWERS_A_TURN: Final = 16

T = TypeVar("T")


def in_portions(things: Sequence[T], do: Callable[[T], None], most: int = ANSWERS_A_TURN) -> None:
    """Do it for the first ``most`` at once, and for as many of the others in each turn that follows."""
    for thing in things[:most]:
        do(thing)
    if len(things) > most:
        asyncio.get_running_loop().call_soon(in_portions, things[most:], do, most)
