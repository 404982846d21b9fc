"""One room with many subscribers: as much as goes, or at a steady rate with the time each delivery took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from chatapp.bench.crowd import Crowd, Seat
from chatapp.bench.histogram import Histogram
from chatapp.bench.result import Result, shares
from chatapp.bench.server import Server

SPEAKERS: Final = 100
STEADY_SPEAKERS: Final = 10


def flat_out(crowd: Crowd, server: Server, seats: Sequence[Seat], seconds: float) -> Result:
    """A hundred of them speak, each as soon as it is answered."""
    result = Result(f"fan-out {len(seats):,}, flat out")
    crowd.join(seats)
    result.short_histories = crowd.short_histories
    crowd.begin(crowd.clients[:SPEAKERS], is_timed=False)
    with shares(server, result):
        crowd.flat_out(seconds)
        spent = crowd.finish() - crowd.start
    result.figures |= {
        "deliveries/s": crowd.deliveries / spent,
        "messages/s": crowd.messages / spent,
        "answer p99 ms": crowd.answers.at(0.99),
        "server µs/delivery": 1e6 * result.figures["server CPU s"] / max(1, crowd.deliveries),
        "server MiB": server.memory_kib() / 1024,
    }
    result.faults = crowd.settle()
    return result


def steady(crowd: Crowd, server: Server, seats: Sequence[Seat], seconds: float, rate: float) -> Result:
    """So many messages a second, whether or not the server keeps up."""
    crowd.join(seats)
    result = at_rate(crowd, server, seconds, rate)
    result.short_histories = crowd.short_histories
    return result


def at_rate(crowd: Crowd, server: Server, seconds: float, rate: float) -> Result:
    """The same with a crowd that is there already."""
    result = Result(f"fan-out {len(crowd.clients):,}, {rate:g}/s")
    crowd.begin(crowd.clients[:STEADY_SPEAKERS], is_timed=True)
    with shares(server, result):
        crowd.steadily(rate, seconds)
        crowd.finish()
    deliveries = Histogram()
    for stream in crowd.streams():
        stream.latencies(deliveries, crowd.start)
    result.figures |= {
        "p50 ms": deliveries.at(0.5),
        "p99 ms": deliveries.at(0.99),
        "worst ms": deliveries.most / 1000,
        "answer p99 ms": crowd.answers.at(0.99),
        "server µs/delivery": 1e6 * result.figures["server CPU s"] / max(1, crowd.deliveries),
        "server MiB": server.memory_kib() / 1024,
    }
    result.faults = crowd.settle()
    return result
