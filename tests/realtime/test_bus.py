"""The bus never holds anybody up: what it cannot carry it keeps, then drops, and it comes back by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from chatapp.realtime import bus as buses
from chatapp.realtime.bus import Bus, Gone, Line
from chatapp.realtime.hints import AnyHint, Grown, Noticed, encode
from tests.support.house import until


class Wire(Line):
    """Carries everything to itself, while it is there."""

    def __init__(self, bus: SelfBus) -> None:
        self._bus = bus

    async def send(self, hints: Sequence[bytes]) -> None:
        if self._bus.is_cut:
            raise Gone("cut")
        self._bus.sent += hints
        for hint in hints:
            self._bus.take(hint)


class SelfBus(Bus):
    """On a wire that can be cut."""

    def __init__(self) -> None:
        super().__init__()
        self.is_cut = False
        self.sent: list[bytes] = []
        self.heard: list[AnyHint] = []
        self.gaps = 0

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Line]:
        if self.is_cut:
            raise Gone("cut")
        yield Wire(self)

    def note_gap(self) -> None:
        self.gaps += 1


@pytest.fixture
async def bus(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SelfBus]:
    monkeypatch.setattr(buses, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(buses, "LONGEST_PAUSE", 0.01)
    made = SelfBus()
    async with made.running(made.heard.append, made.note_gap):
        await until(lambda: made.gaps == 1)
        yield made


def hint(number: int) -> AnyHint:
    return Grown(1, number, number)


async def test_what_is_published_is_sent_in_order_and_not_heard_by_oneself(bus: SelfBus) -> None:
    for number in range(1200):
        bus.publish(hint(number))
    await until(lambda: len(bus.sent) == 1200)
    assert bus.sent == [encode(bus.source, hint(number)) for number in range(1200)]
    assert bus.heard == []


async def test_what_others_say_is_heard(bus: SelfBus) -> None:
    bus.take(encode("another", Noticed()))
    assert bus.heard == [Noticed()]


async def test_whoever_keeps_the_log_learns_what_a_cut_costs(bus: SelfBus) -> None:
    with capture_logs() as lines:
        bus.is_cut = True
        bus.publish(hint(1))
        await until(lambda: bus._is_away)
        bus.is_cut = False
        await until(lambda: not bus._is_away)
    assert [line["event"] for line in lines] == ["bus.gone", "bus.back"]
    assert all(words in lines[0]["detail"] for words in ("comes late", "pace and sockets by itself"))


async def test_a_cut_is_a_gap_and_what_was_waiting_is_sent_after_it(bus: SelfBus) -> None:
    bus.is_cut = True
    for number in range(10):
        bus.publish(hint(number))
    await until(lambda: bus._is_away)
    assert bus.sent == []
    bus.is_cut = False
    await until(lambda: len(bus.sent) == 10)
    assert bus.gaps == 2


async def test_what_would_be_wrong_later_is_not_said_later(bus: SelfBus) -> None:
    bus.mention(hint(1))
    await until(lambda: len(bus.sent) == 1)
    bus.is_cut = True
    bus.publish(hint(2))
    await until(lambda: bus._is_away)
    bus.mention(hint(3))
    bus.is_cut = False
    await until(lambda: len(bus.sent) == 2)
    bus.mention(hint(4))
    await until(lambda: len(bus.sent) == 3)
    assert bus.sent == [encode(bus.source, hint(number)) for number in (1, 2, 4)]


async def test_what_finds_no_place_is_dropped_and_counted(bus: SelfBus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buses, "WAITING", 100)
    bus.is_cut = True
    for number in range(150):
        bus.publish(hint(number))
    assert bus.dropped == 50
    bus.is_cut = False
    await until(lambda: len(bus.sent) == 100)


async def test_what_cannot_be_read_is_a_gap_and_ends_nothing(bus: SelfBus) -> None:
    for said in ("", "[]", '["another",{"hint":"fromTheFuture"}]', "\N{SNOWMAN}"):
        bus.take(said)
    assert (bus.gaps, bus.heard) == (5, [])
    bus.publish(hint(1))
    await until(lambda: len(bus.sent) == 1)


async def test_what_was_published_before_the_end_is_sent() -> None:
    bus = SelfBus()
    async with bus.running(bus.heard.append, bus.note_gap):
        bus.publish(hint(1))
    assert len(bus.sent) == 1


async def test_the_end_does_not_wait_for_what_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buses, "GOODBYE_SECONDS", 0.01)
    bus = SelfBus()
    bus.is_cut = True
    async with asyncio.timeout(20), bus.running(bus.heard.append, bus.note_gap):
        bus.publish(hint(1))
        await until(lambda: bus._is_away)
