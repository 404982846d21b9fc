"""Everybody comes at once, as after a restart: a token each, a room, and its last 50 messages."""

from __future__ import annotations

from collections.abc import Sequence

from chatapp.bench.crowd import Crowd, Seat
from chatapp.bench.result import Result, shares
from chatapp.bench.server import Server


def connect(crowd: Crowd, server: Server, seats: Sequence[Seat]) -> Result:
    result = Result(f"connect storm, {len(seats):,}")
    before = server.memory_kib()
    with shares(server, result):
        spent = crowd.join(seats)
    result.figures |= {
        "connections/s": len(seats) / spent,
        "server ms/connection": 1e3 * result.figures["server CPU s"] / len(seats),
        "KiB/socket": (server.memory_kib() - before) / len(seats),
    }
    result.short_histories = crowd.short_histories
    result.faults.dropped_sockets = crowd.faults.dropped_sockets
    return result
