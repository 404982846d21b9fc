"""Many sockets on which nothing happens: what a quiet afternoon costs."""

from __future__ import annotations

from collections.abc import Sequence

from chatapp.bench.crowd import Crowd, Seat
from chatapp.bench.result import Result, shares
from chatapp.bench.server import Server


def rest(crowd: Crowd, server: Server, seats: Sequence[Seat], seconds: float) -> Result:
    result = Result(f"idle, {len(seats):,} sockets")
    before = server.memory_kib()
    crowd.join(seats)
    # What the crowd of newcomers left to do is done before the clock starts.
    crowd.idle(min(2.0, seconds))
    with shares(server, result):
        crowd.idle(seconds)
    result.figures |= {
        "KiB/socket": (server.memory_kib() - before) / len(seats),
        "% of a core": 100 * result.figures["server share"],
    }
    result.short_histories = crowd.short_histories
    result.faults.dropped_sockets = crowd.faults.dropped_sockets
    return result
