"""What came out of one run, and whether it can be believed."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from chatapp.bench.marks import Faults
from chatapp.bench.server import Server, busy_seconds

BOUND: Final = 0.9
# Of a core, by everybody else: from here on the machine was not there for the measurement alone.
DISTURBED: Final = 0.15


@dataclass
class Result:
    """Figures by name, the unit in the name. A run with faults measured something else than a chat."""

    scenario: str
    figures: dict[str, float] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    short_histories: int = 0

    @property
    def is_valid(self) -> bool:
        return not self.faults and not self.short_histories

    @property
    def is_generator_bound(self) -> bool:
        """The server could have done more, had it been asked to."""
        return self.figures.get("generator share", 0) > BOUND > self.figures.get("server share", 1)

    @property
    def remarks(self) -> list[str]:
        """Why the figures may not be what they seem."""
        found = [f"INVALID: {self.faults}"] if self.faults else []
        if self.short_histories:
            found.append(f"INVALID: {self.short_histories} histories without their 50 messages")
        if self.is_generator_bound:
            found.append("generator-bound")
        if self.figures.get("others share", 0) > DISTURBED:
            found.append("disturbed")
        return found


@contextmanager
def shares(server: Server, result: Result) -> Iterator[None]:
    """Note how much of a core the server and the generator use until the block ends."""
    begun, before, own, all_before = time.perf_counter(), server.cpu_seconds(), time.process_time(), busy_seconds()
    yield
    seconds = time.perf_counter() - begun
    result.figures["server CPU s"] = server.cpu_seconds() - before
    result.figures["generator CPU s"] = time.process_time() - own
    others = busy_seconds() - all_before - result.figures["server CPU s"] - result.figures["generator CPU s"]
    result.figures["others share"] = max(0.0, others / seconds)
    result.figures["server share"] = result.figures["server CPU s"] / seconds
    result.figures["generator share"] = result.figures["generator CPU s"] / seconds
