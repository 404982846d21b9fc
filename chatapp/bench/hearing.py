"""What the subscribers of a room hear: parsed once, compared everywhere else, and judged at the end.

A server sends the same bytes to all who hear a room. So the first to get them has them read; the others' bytes
need only be equal, which memory comparison finds out at the speed of memory. Who gets other bytes, as after a catch-up,
has them read on their own.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from operator import ne
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
        # Where in the stream each ends, what it is, what it says.
        self.controls: list[tuple[int, int, bytes]] = []
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
                self.controls.append((each.stop, each.opcode, bytes(self.stream[each.start : each.stop])))
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

    __slots__ = ("at", "own", "room", "taken")

    def __init__(self, room: Room) -> None:
        self.room = room
        self.at = 0
        self.taken = 0
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
        self.at = self.taken = 0
        own.grow(begun)
        self.at = len(begun)
        self.hear(data, moment)

    def controls(self) -> Iterator[tuple[int, bytes]]:
        """What has come since that is no message: this subscriber's own, also where others got it at the same place."""
        every = (self.own or self.room).controls
        while self.taken < len(every) and every[self.taken][0] <= self.at:
            _, opcode, payload = every[self.taken]
            self.taken += 1
            yield opcode, payload

    @property
    def count(self) -> int:
        """Messages heard."""
        return len(self.own.marks) if self.own else self.room.heard_by(self.at)

    @property
    def heard(self) -> list[Mark]:
        """The messages in the order in which they came."""
        if self.own:
            return self.own.marks
        return self.room.marks if self.at == len(self.room.stream) else self.room.marks[: self.count]


def judge(room: Room, listeners: Sequence[Listener], sent: dict[int, int]) -> Faults:
    """All faults of all subscribers of a room, given how many messages each writer sent."""
    total = Faults()
    streams: dict[int, list[Mark]] = {}
    times: Counter[int] = Counter()
    for listener in listeners:
        heard = listener.heard
        streams[id(heard)] = heard
        times[id(heard)] += 1
    faultless = []
    for key, heard in streams.items():
        faults = compare(heard, sent, room.run)
        total.add(faults, times[key])
        if not faults:
            faultless.append((heard, times[key]))
    total.disordered += _out_of_order(faultless)
    return total


def _out_of_order(streams: Sequence[tuple[list[Mark], int]]) -> int:
    """Every writer's own order is whole, but all must also see the room alike: messages elsewhere than for most."""
    views: Counter[int] = Counter()
    for heard, times in streams:
        views[hash(tuple(heard))] += times
    if len(views) < 2:
        return 0
    usual = views.most_common(1)[0][0]
    truth = next(heard for heard, _ in streams if hash(tuple(heard)) == usual)
    return sum(times * sum(map(ne, heard, truth)) for heard, times in streams)
