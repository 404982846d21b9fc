"""Turns of the event loop that serve a few at a time."""

from __future__ import annotations

import asyncio
import selectors
import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from chatapp.cli import turns
from chatapp.cli.process import loop
from chatapp.cli.turns import LEAST, MOST, ShortTurns

MANY = 10 * LEAST


@pytest.fixture
def pairs() -> Iterator[list[tuple[socket.socket, socket.socket]]]:
    """Sockets that have something to read, and who wrote it."""
    with ExitStack() as stack:
        found = [socket.socketpair() for _ in range(MANY)]
        for here, there in found:
            stack.enter_context(here)
            stack.enter_context(there)
            here.setblocking(False)
            there.sendall(b"hello")
        yield found


@pytest.fixture
def selector(pairs: list[tuple[socket.socket, socket.socket]]) -> Iterator[ShortTurns]:
    with ShortTurns() as made:
        for here, _ in pairs:
            made.register(here, selectors.EVENT_READ)
        yield made


@pytest.fixture
def spent(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the turns take: one entry, to be changed."""
    took, now = [0.0], [0.0]

    def clock() -> float:
        now[0] += took[0]
        return now[0]

    monkeypatch.setattr("time.thread_time", clock)
    return took


def handed_over(selector: ShortTurns) -> list[int]:
    return [key.fd for key, _ in selector.select(0)]


def test_everybody_has_a_turn_before_anybody_has_another(selector: ShortTurns, spent: list[float]) -> None:
    spent[0] = 2 * turns.LONG_SECONDS
    rounds = [handed_over(selector) for _ in range(MANY // LEAST)]
    assert {len(fds) for fds in rounds} == {LEAST}
    assert len({fd for fds in rounds for fd in fds}) == MANY
    # Nobody has read anything.
    assert handed_over(selector) == rounds[0]


def test_whoever_is_gone_or_waits_for_something_else_is_passed_over(
    selector: ShortTurns, pairs: list[tuple[socket.socket, socket.socket]], spent: list[float]
) -> None:
    spent[0] = 2 * turns.LONG_SECONDS
    first = handed_over(selector)
    gone, busy, *left = [here for here, _ in pairs if here.fileno() not in first]
    selector.unregister(gone)
    selector.modify(busy, selectors.EVENT_WRITE)
    later = {fd for _ in range(MANY // LEAST - 1) for fd in handed_over(selector)}
    assert later == {here.fileno() for here in left}


def test_short_turns_take_more_and_long_ones_fewer(selector: ShortTurns, spent: list[float]) -> None:
    sizes = [len(handed_over(selector)) for _ in range(100)]
    assert sizes[0] == LEAST
    assert LEAST < max(sizes) <= MOST < MANY
    spent[0] = 2 * turns.LONG_SECONDS
    for _ in range(100):
        handed_over(selector)
    assert len(handed_over(selector)) == LEAST


def test_what_waits_for_its_turn_does_not_wait_for_everybody(
    pairs: list[tuple[socket.socket, socket.socket]],
) -> None:
    order: list[str] = []

    async def reads(here: socket.socket) -> None:
        await asyncio.get_running_loop().sock_recv(here, 5)
        order.append("s")

    async def main() -> None:
        for here, _ in pairs:
            here.recv(5)
        reading = [asyncio.create_task(reads(here)) for here, _ in pairs]
        # Until all of them wait, and are ready in the same turn.
        await asyncio.sleep(0)
        for _, there in pairs:
            there.sendall(b"again")
        while order.count("s") < MANY:
            order.append(" ")
            await asyncio.sleep(0)
        await asyncio.gather(*reading)

    with asyncio.Runner(loop_factory=loop) as runner:
        runner.run(main())
    assert max(map(len, "".join(order).split())) <= MOST < MANY
