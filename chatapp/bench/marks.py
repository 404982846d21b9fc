"""What a message of a measurement says of itself, and what is wrong with those that arrive."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

LENGTH: Final = 100
MARK: Final = re.compile(rb"~(\d{3})-(\d{5})-(\d{8})-(\d{12})~")
_FILLER: Final = " the quick brown fox jumps over the lazy dog and then over all the others too, one by one"


class Mark(NamedTuple):
    """Which run and writer it is of, the writer's how-manyth from 1, and when it was due: microseconds of the run."""

    run: int
    writer: int
    number: int
    due: int


def content(mark: Mark) -> bytes:
    """A message of 100 characters that carries the mark."""
    text = f"~{mark.run:03}-{mark.writer:05}-{mark.number:08}-{mark.due:012}~{_FILLER}"
    return text[:LENGTH].encode()


def read(found: tuple[bytes, bytes, bytes, bytes]) -> Mark:
    return Mark(*map(int, found))


@dataclass
class Faults:
    """How many messages went wrong, and in which way; refused are those that were answered with an error."""

    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    refused: int = 0
    dropped_sockets: int = 0

    def __bool__(self) -> bool:
        return any(vars(self).values())

    def add(self, other: Faults, times: int = 1) -> None:
        for name, count in vars(other).items():
            setattr(self, name, getattr(self, name) + times * count)

    def __str__(self) -> str:
        return ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in vars(self).items() if count) or "none"


def compare(heard: Iterable[Mark], sent: dict[int, int], run: int = 0) -> Faults:
    """What is wrong with what one subscriber heard in a run, given how many messages each writer sent.

    A message that comes after a later one of the same writer is disordered, one that never comes is lost, and one that
    comes again, or comes from an earlier run, is doubled.
    """
    faults = Faults()
    following = dict.fromkeys(sent, 1)
    missing: set[tuple[int, int]] = set()
    for mark in heard:
        wanted = following.get(mark.writer, 1)
        if mark.run == run and mark.number >= wanted:
            missing.update((mark.writer, number) for number in range(wanted, mark.number))
            following[mark.writer] = mark.number + 1
        elif (mark.writer, mark.number) in missing:
            missing.discard((mark.writer, mark.number))
            faults.disordered += 1
        else:
            faults.doubled += 1
    faults.lost = len(missing) + sum(max(0, count + 1 - following[writer]) for writer, count in sent.items())
    return faults
