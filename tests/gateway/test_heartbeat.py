"""Silence is noticed after one and a half heartbeats, and not before, also by a process that stood still."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, Final

from chatapp.gateway.heartbeat import GRACE_SECONDS, Heartbeat
from chatapp.realtime.frames import PING
from tests.support.house import until

BEAT: Final = 0.2


class Client:
    """Says what it says when told to; ``ended`` is when it was given up."""

    def __init__(self) -> None:
        self.guard: Any = SimpleNamespace(heard_at=time.monotonic())
        self.sent: list[bytes] = []
        self.reasons: list[str] = []
        self.ended = 0.0
        self.on_ping: Callable[[], None] = lambda: None

    def send(self, frame: bytes) -> None:
        self.sent.append(frame)
        self.on_ping()

    def abort(self, reason: str) -> None:
        self.reasons.append(reason)
        self.ended = time.monotonic()

    def speaks(self) -> None:
        self.guard.heard_at = time.monotonic()


async def test_who_is_silent_is_pinged_once_and_given_up_after_one_and_a_half_heartbeats() -> None:
    client = Client()
    Heartbeat(client, BEAT)
    await until(lambda: bool(client.ended))
    assert client.sent == [PING]
    assert client.reasons == ["silent"]
    assert client.ended - client.guard.heard_at >= 1.5 * BEAT


async def test_who_answers_each_ping_stays() -> None:
    client = Client()
    client.on_ping = client.speaks
    heartbeat = Heartbeat(client, BEAT)
    await until(lambda: len(client.sent) == 4)
    assert not client.reasons
    heartbeat.stop()


async def test_who_speaks_is_not_pinged_before_a_heartbeat_of_silence() -> None:
    client = Client()
    silences: list[float] = []
    client.on_ping = lambda: silences.append(time.monotonic() - client.guard.heard_at)
    heartbeat = Heartbeat(client, BEAT)
    began = time.monotonic()
    while time.monotonic() < began + 3 * BEAT:
        client.speaks()
        await asyncio.sleep(BEAT / 20)
    await until(lambda: bool(silences))
    assert min(silences) >= BEAT
    heartbeat.stop()


async def test_what_came_while_the_process_stood_still_counts() -> None:
    client = Client()
    heartbeat = Heartbeat(client, BEAT)
    await until(lambda: bool(client.sent))
    time.sleep(BEAT)  # noqa: ASYNC251 - the process, not the test, is what waits
    asyncio.get_running_loop().call_later(GRACE_SECONDS / 2, client.speaks)
    await until(lambda: len(client.sent) == 2)
    assert not client.reasons
    heartbeat.stop()


async def test_who_answered_before_the_process_stood_still_is_asked_anew() -> None:
    client = Client()
    heartbeat = Heartbeat(client, BEAT)
    client.on_ping = client.speaks
    await until(lambda: bool(client.sent))
    time.sleep(2 * BEAT)  # noqa: ASYNC251 - likewise
    await until(lambda: len(client.sent) == 3)
    assert not client.reasons
    heartbeat.stop()


async def test_one_that_is_stopped_does_nothing_more() -> None:
    client = Client()
    Heartbeat(client, BEAT).stop()
    await asyncio.sleep(2 * BEAT + GRACE_SECONDS)
    assert not client.sent
    assert not client.reasons
