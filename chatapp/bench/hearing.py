"""What the subscribers of a room hear: parsed once, compared everywhere else, and judged at the end.

A server sends the same bytes to all who hear a room. So the first to get them has them read; the others' bytes
need only be equal, which memory comparison finds out at the speed of memory. Who gets other bytes, as after a catch-up,
has them read on their own.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from typing import Final

from chatapp.bench import frames
from chatapp.bench.histogram import Histogram
from chatapp.bench.marks import MARK, Faults, Mark, compare, read

SECOND_US: Final = 1_000_000
Bytes = bytes | bytearray | memoryview


class Room:
    """The longest stream that anybody has heard of one room, and where the frame of each message in it ends."""

    def __init__(self, run: int = 0, *, is_timed: bool = False) -> None:
        self.run = run
        self.stream = bytearray()
        self.marks: list[Mark] = []
        self.ends = array("q")
        self.heads = array("q", [0])
        self.controls: list[tuple[int, bytes]] = []
        # Of each chunk that a subscriber got: when, from where to where in the stream.
        self.is_timed = is_timed
        self.moments = array("d")
        self.begins = array("q")
        self.stops = array("q")

    def grow(self, data: Bytes) -> None:
        self.stream += data
        parsed = self.heads[-1]
        for each in frames.whole(self.stream, parsed):
            self.heads.append(each.stop)
            if each.opcode != frames.TEXT:
                self.controls.append((each.opcode, bytes(self.stream[each.start : each.stop])))
            # Nobody can read a message before the whole frame is there.
            for found in MARK.findall(self.stream, each.start, each.stop):
                self.marks.append(read(found))
                self.ends.append(each.stop)

    def note(self, moment: float, begin: int, stop: int) -> None:
        self.moments.append(moment)
        self.begins.append(begin)
        self.stops.append(stop)

    def heard_by(self, position: int) -> int:
        """How many messages are complete up to there."""
        return bisect_right(self.ends, position)

    def latencies(self, into: Histogram, start: float) -> None:
        """From when each message was due to each delivery; ``start`` is the run's beginning, in seconds."""
        for moment, begin, stop in zip(self.moments, self.begins, self.stops, strict=True):
            now = round((moment - start) * SECOND_US)
            for number in range(self.heard_by(begin), self.heard_by(stop)):
                into.add(now - self.marks[number].due)


class Listener:
    """One subscriber's ear, there before the first message."""

    __slots__ = ("at", "own", "room")

    def __init__(self, room: Room) -> None:
        self.room = room
        self.at = 0
        self.own: Room | None = None

    def hear(self, data: Bytes, moment: float) -> None:
        """Take the next bytes of the stream."""
        room = self.own or self.room
        stop = self.at + len(data)
        known = len(room.stream) - self.at
        if stop - self.at <= known:
            if not room.stream.startswith(data, self.at):
                return self._part(data, moment)
        elif not known or room.stream.startswith(data[:known], self.at):
            room.grow(data[known:])
        else:
            return self._part(data, moment)
        if room.is_timed:
            room.note(moment, self.at, stop)
        self.at = stop
        return None

    def _part(self, data: Bytes, moment: float) -> None:
        """Go on alone, from the beginning of the frame in which the bytes became others."""
        common = self.room
        head = common.heads[bisect_right(common.heads, self.at) - 1]
        own = Room(common.run, is_timed=common.is_timed)
        # Up to here this subscriber has heard what all have heard.
        own.marks = common.marks[: common.heard_by(head)]
        own.ends = array("q", [0] * len(own.marks))
        self.own, begun = own, bytes(common.stream[head : self.at])
        self.at = 0
        own.grow(begun)
        self.at = len(begun)
        self.hear(data, moment)

    @property
    def count(self) -> int:
        """Messages heard."""
        return len(self.own.marks) if self.own else self.room.heard_by(self.at)

    def verdict(self, sent: dict[int, int]) -> Faults:
        """What is wrong with what was heard, given what each writer of the room had stored."""
        expected = self.room.marks
        heard = self.own.marks if self.own else expected[: self.count]
        faults = compare(heard, sent, self.room.run)
        if self.own and not faults and heard != expected:
            # Nobody's own order is broken, but two subscribers saw the same room in different orders.
            faults.disordered += sum(one != other for one, other in zip(heard, expected, strict=False)) or 1
        return faults


def judge(rooms: dict[Room, list[Listener]], sent: dict[Room, dict[int, int]]) -> Faults:
    """All faults of all subscribers; those who heard the common stream to its end share one verdict."""
    total = Faults()
    for room, listeners in rooms.items():
        shared: Faults | None = None
        for listener in listeners:
            if listener.own is None and listener.at == len(room.stream):
                shared = compare(room.marks, sent[room], room.run) if shared is None else shared
                total.add(shared)
            else:
                total.add(listener.verdict(sent[room]))
    return total
