"""The same room with more and more messages in it: what a thousandfold past costs those who read and write today."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final, NamedTuple
from urllib.parse import quote

from chatapp.bench.asker import Asker
from chatapp.bench.result import Result
from chatapp.bench.server import Server

MISSED: Final = 500
WARM_ROUNDS: Final = 5
# What every message holds, and last what but one of the first does.
SEARCHED: Final = {
    "search, a word ms": "fox",
    "search, a beginning ms": "jum",
    "search, in order ms": '"lazy dog"',
    "search, one message ms": "dog 17",
}


class Grown(NamedTuple):
    """A server whose room has a past."""

    server: Server
    token: str
    room: str


def compare(grown: Sequence[Grown], rounds: int) -> list[Result]:
    """Ask all of them the same in turns; medians, in milliseconds."""
    with ExitStack() as stack:
        askers = [stack.enter_context(Asker(each.server.address, each.token)) for each in grown]
        tried: list[dict[str, list[float]]] = [{} for _ in grown]
        sizes = [0] * len(grown)
        for number in range(WARM_ROUNDS + rounds):
            for place, asker in enumerate(askers):
                times, sizes[place] = _round(asker, grown[place].room)
                if number >= WARM_ROUNDS:
                    for name, seconds in times.items():
                        tried[place].setdefault(name, []).append(1000 * seconds)
    return [_result(size, times) for size, times in zip(sizes, tried, strict=True)]


def _round(asker: Asker, room: str) -> tuple[dict[str, float], int]:
    """Seconds by what was asked, and how many messages the room has."""
    _, now = asker.says("subscribe", room=room, limit=0)
    index, version = now["index"], now["version"]
    page, _ = asker.gets(f"/api/v1/rooms/{room}/messages?before={index // 2}&limit=50")
    catch_up, missed = asker.says("subscribe", room=room, after=max(0, version - MISSED), epoch=now["epoch"])
    found = {name: _searched(asker, f"{words} in:{room}") for name, words in SEARCHED.items()}
    post, _ = asker.says("sendMessage", room=room, content="the quick brown fox jumps over the lazy dog")
    if len(missed["messages"]) != min(MISSED, version):
        raise ConnectionError(f"A catch-up of {MISSED} brought {len(missed['messages'])} messages.")
    shown = {"history page ms": page, f"catch-up of {MISSED} ms": catch_up, "post ms": post}
    return shown | found, index


def _searched(asker: Asker, words: str) -> float:
    """Seconds of a search for what is there."""
    seconds, body = asker.gets(f"/api/v1/search?q={quote(words)}&limit=50")
    if not json.loads(body)["messages"]:
        raise ConnectionError(f"A search for {words} found nothing.")
    return seconds


def _result(size: int, times: dict[str, list[float]]) -> Result:
    result = Result(f"growth, {size:,} messages")
    result.figures |= {name: statistics.median(values) for name, values in times.items()}
    return result
