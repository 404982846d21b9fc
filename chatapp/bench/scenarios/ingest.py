"""Many rooms, everybody in them speaks at once: what the store takes."""

from __future__ import annotations

from collections.abc import Sequence

from chatapp.bench.crowd import Crowd, Seat
from chatapp.bench.result import Result, shares
from chatapp.bench.server import Server


def flat_out(crowd: Crowd, server: Server, seats: Sequence[Seat], seconds: float) -> Result:
    """Everybody says the next thing as soon as the last is answered, which is: stored."""
    rooms = len({seat.room for seat in seats})
    result = Result(f"ingest, {rooms} rooms × {len(seats) // rooms}")
    crowd.join(seats)
    result.short_histories = crowd.short_histories
    crowd.begin(crowd.clients, is_timed=False)
    with shares(server, result):
        crowd.flat_out(seconds)
        spent = crowd.finish() - crowd.start
    result.figures |= {
        "messages/s": crowd.messages / spent,
        "answer p50 ms": crowd.answers.at(0.5),
        "answer p99 ms": crowd.answers.at(0.99),
        "server µs/message": 1e6 * result.figures["server CPU s"] / max(1, crowd.messages),
        "server MiB": server.memory_kib() / 1024,
    }
    result.faults = crowd.settle()
    return result
