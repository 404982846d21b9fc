"""What one machine can carry: a ramp up to where messages arrive too late, and a sentence about it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from chatapp.bench import server
from chatapp.bench.crowd import Crowd, Seat
from chatapp.bench.dialects import Chatapp
from chatapp.bench.marks import Faults
from chatapp.bench.result import Result
from chatapp.bench.scenarios import fan_out, ingest, storm

LATE_MS: Final = 200.0
SLOWEST: Final = 10.0
# Shares of the whole time: a step of the ramp, what it takes besides (the last arrivals, the arithmetic), the flood.
STEP: Final = 1 / 20
SLACK: Final = 1 / 30
STORE: Final = 1 / 12
# For a machine that was so long in making people and a server that no time is left: each step says something at least.
LEAST_SECONDS: Final = 2.0

Progress = Callable[[str], None]


@dataclass
class Capacity:
    """What came out; rates are per second, ``rate`` 0 when even the slowest came too late."""

    sockets: int
    connections: float = 0
    kib_per_socket: float = 0
    rate: float = 0
    p99_ms: float = 0
    memory_mib: float = 0
    stored: float = 0
    remarks: list[str] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)

    def sentences(self) -> list[str]:
        """The statement, in plain words."""
        some = f"{self.rate:,.0f} messages/s reach every one of them at p99 {self.p99_ms:,.0f} ms (< {LATE_MS:.0f} ms)"
        none = f"not even {SLOWEST:.0f} messages/s reach all of them within {LATE_MS:.0f} ms"
        spread = some if self.rate else none
        return [
            f"This machine: {self.sockets:,} sockets in one room, {spread}, {self.memory_mib:,.0f} MB.",
            f"Each second it lets in {self.connections:,.0f} people with a token, who get the last 50 messages.",
            f"A socket costs {self.kib_per_socket:,.0f} KiB.",
            f"It stores {self.stored:,.0f} messages/s from many rooms.",
            *self.remarks,
        ]


def measure(
    environ: Mapping[str, str], crowd: Sequence[Seat], groups: Sequence[Seat], seconds: float, progress: Progress
) -> Capacity:
    """Start chatapp with these settings and load it until it is late, or for about so many seconds, two at least.

    ``crowd`` goes into one room together, ``groups`` into many. Raises ``Unable`` and ``Refused``.
    """
    seconds = max(seconds, LEAST_SECONDS)
    end = time.monotonic() + seconds * (1 - STORE - STEP - 2 * SLACK)
    found = Capacity(len(crowd))
    server.needs_descriptors(max(len(crowd), len(groups)))
    with server.apart(), server.chatapp(environ) as running:
        with Crowd(running.address, Chatapp(), lambda: progress("Connecting")) as many:
            came = storm.connect(many, running, crowd)
            found.connections, found.kib_per_socket = came.figures["connections/s"], came.figures["KiB/socket"]
        with Crowd(running.address, Chatapp(), lambda: progress("Talking to all")) as many:
            many.join(crowd)
            _ramp(many, running, found, seconds * STEP, end)
            found.memory_mib = running.memory_kib() / 1024
        with Crowd(running.address, Chatapp(), lambda: progress("Storing")) as many:
            stored = ingest.flat_out(many, running, groups, seconds * STORE)
            found.stored = stored.figures["messages/s"]
    found.faults.add(stored.faults)
    found.remarks = _remarks([came, stored], found)
    return found


def _ramp(crowd: Crowd, running: server.Server, found: Capacity, seconds: float, end: float) -> None:
    """Double the rate until it is too much or too late, then try half-way once; each step takes ``seconds``."""
    rate, too_much = SLOWEST, 0.0
    while not found.rate or time.monotonic() < end:
        step = fan_out.at_rate(crowd, running, seconds, rate)
        found.faults.add(step.faults)
        if step.faults:
            return
        if step.figures["p99 ms"] < LATE_MS:
            found.rate, found.p99_ms = rate, step.figures["p99 ms"]
            if too_much:
                return
            rate *= 2
        elif too_much or not found.rate:
            return
        else:
            too_much, rate = rate, (rate * found.rate) ** 0.5


def _remarks(results: Sequence[Result], found: Capacity) -> list[str]:
    remarks = []
    if found.faults:
        remarks.append(f"Something went wrong, so believe none of it: {found.faults}.")
    if any(result.is_generator_bound for result in results):
        remarks.append("The load generator was busier than the server, which can do more than this.")
    if len(server.CORES) == 1:
        remarks.append("There is one core, and the load generator took its share of it.")
    return remarks
