"""How far somebody has read in a room: on, and back."""

from __future__ import annotations

from typing import Final

import msgspec

KEPT_POSITIONS: Final = 20


class ReadMark(msgspec.Struct, frozen=True):
    """How far somebody has read in a room. ``turn`` counts how often they went back by hand; ``kept`` are the positions
    before this one, ascending, those the last advances came from."""

    index: int = 0
    turn: int = 0
    kept: tuple[int, ...] = ()

    def advanced(self, index: int) -> ReadMark:
        """Moved forward to there."""
        return ReadMark(index, self.turn, (*self.kept, self.index)[-KEPT_POSITIONS:])

    def gone_back(self, index: int) -> ReadMark:
        """By hand: whatever was on its way to move it forward counts no more."""
        index = min(self.index, index)
        return ReadMark(index, self.turn + 1, tuple(each for each in self.kept if each < index))
