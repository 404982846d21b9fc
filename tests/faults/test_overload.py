"""More than is allowed: what is taken is kept, the rest is told when to come back, and afterwards all is as before."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from aiohttp import ClientSession

from chatapp.storage import journal
from tests.faults.crowd import populate
from tests.faults.figures import p99, resident_mib, visitors
from tests.faults.line import Gone, Line, Refused
from tests.support.cast import Actor
from tests.support.house import until
from tests.support.rounds import IS_LONG, rounds
from tests.support.server import Server

SECONDS: Final = rounds(3, 600)
TALKERS: Final = 40
POSTERS: Final = 40
KNOCKERS: Final = 20
# What is promised on a machine of its own; a short run on a busy one only shows that nobody is stuck.
HEALTHY: Final = 0.1 if IS_LONG else 5.0
MEAN, SLOWEST = (0.1, 2.0) if IS_LONG else (5.0, 10.0)
REFUSED: Final = {"rate_limited", "upgrade 503"}
PATIENCE: Final = 30.0
GROWTH_MIB: Final = 64


class Pressure:
    """Everybody asks again as soon as they are answered; what was answered is counted."""

    def __init__(self, server: Server, tokens: list[str]) -> None:
        self.server = server
        self.tokens = tokens
        self.accepted: list[str] = []
        self.took: list[float] = []
        self.healthz: list[float] = []
        self.refusals: Counter[str] = Counter()
        self.wrong: list[object] = []
        self._now = asyncio.get_running_loop().time
        self._until = self._now() + SECONDS

    async def everybody(self) -> None:
        """At once, until the time is over."""
        async with ClientSession() as session:
            await asyncio.gather(
                self._asks(session),
                *(self._talks(number) for number in range(TALKERS)),
                *(self._posts(session, number) for number in range(POSTERS)),
                *(self._knocks(number) for number in range(KNOCKERS)),
            )

    @property
    def goes_on(self) -> bool:
        """For so long, and on until everything that is refused has been: a slow machine comes to it later."""
        is_on = self._now() < self._until
        return is_on or (not self.refusals.keys() >= REFUSED and self._now() < self._until + PATIENCE)

    async def _asks(self, session: ClientSession) -> None:
        while self.goes_on:
            began = time.monotonic()
            async with session.get(f"{self.server.url}/healthz") as answer:
                assert answer.status == 200
            self.healthz.append(time.monotonic() - began)
            await asyncio.sleep(0.02)

    async def _talks(self, number: int) -> None:
        """Over a socket of one's own, which a flood may end."""
        try:
            line = await Line.open(self.server.port, self._token(number))
        except Refused as refused:
            return self._refused(refused)
        try:
            await self._talks_on(line, number)
        except Gone as gone:
            self.refusals[f"closed with {gone.code}"] += 1
        finally:
            line.cut()

    async def _talks_on(self, line: Line, number: int) -> None:
        for turn in range(1_000_000):
            if not self.goes_on:
                return
            began = time.monotonic()
            line.send("sendMessage", room="general", content=f"{turn}", client_id=f"t{number}-{turn}", ref=turn)
            while (said := await line.receive()).ref != turn:
                pass
            self._count(said.error.code if said.error else "", began, f"t{number}-{turn}")

    async def _posts(self, session: ClientSession, number: int) -> None:
        headers = {"Authorization": f"Bearer {self._token(number)}"}
        url = f"{self.server.url}/api/v1/rooms/general/messages"
        for turn in range(1_000_000):
            if not self.goes_on:
                return
            began, key = time.monotonic(), f"p{number}-{turn}"
            async with session.post(url, json={"content": "x", "client_id": key}, headers=headers) as answer:
                problem = await answer.json()
            if answer.status != 201 and "Retry-After" not in answer.headers:
                self.wrong.append((answer.status, problem))
            self._count("" if answer.status == 201 else problem["code"], began, key)

    async def _knocks(self, number: int) -> None:
        """Opens one socket after the other and keeps them all."""
        lines = []
        while self.goes_on:
            try:
                lines.append(await Line.open(self.server.port, self._token(number)))
            except Refused as refused:
                self._refused(refused)
        for line in lines:
            line.cut()

    def _refused(self, refused: Refused) -> None:
        self.refusals[f"upgrade {refused.status}"] += 1
        if refused.status != 503 or "\r\nretry-after:" not in refused.head.lower():
            self.wrong.append(refused.head)

    def _count(self, code: str, began: float, key: str) -> None:
        if code:
            self.refusals[code] += 1
        else:
            self.accepted.append(key)
            self.took.append(time.monotonic() - began)

    def _token(self, number: int) -> str:
        return self.tokens[number % len(self.tokens)]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    running = Server(tmp_path / "data")
    yield running
    await running.kill()


@pytest.mark.timeout(180 + 2 * SECONDS)
async def test_what_is_too_much_is_refused_and_the_rest_is_kept(server: Server) -> None:
    tokens = await populate(server.data, ("general",))
    await server.start()
    idle, memory = visitors(server.pid, server.port), resident_mib(server.pid)
    pressure = Pressure(server, tokens)
    await pressure.everybody()
    growth = resident_mib(server.pid) - memory
    await until(lambda: visitors(server.pid, server.port) == idle, seconds=30)
    print(
        f"overload: {SECONDS} s, {len(pressure.accepted)} taken in {statistics.mean(pressure.took):.3f} s (mean),"
        f" {p99(pressure.took):.3f} s (p99),"
        f" refused {dict(pressure.refusals)}, /healthz {p99(pressure.healthz) * 1000:.0f} ms (p99), {growth:+.0f} MiB"
    )
    assert pressure.wrong == []
    # A socket that goes on through a hundred refusals is closed; not everyone gets that far in the short run.
    assert pressure.refusals.keys() - {"closed with 4429"} == REFUSED
    assert await keys(server, tokens[0]) == sorted(pressure.accepted)
    (await Line.open(server.port, tokens[-1])).cut()
    assert growth < GROWTH_MIB
    assert p99(pressure.healthz) < HEALTHY
    assert statistics.mean(pressure.took) < MEAN
    assert p99(pressure.took) < SLOWEST


async def test_what_no_longer_fits_before_the_disk_is_told_when_to_come_back(
    ada: Actor, grace: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "WAITING", 3)
    ear, url = await grace.listens_to(), "/api/v1/rooms/general/messages"
    async with ada.chat.outbox._database.write_lock:
        taken = [asyncio.create_task(ada.says("being written"))]
        await until(lambda: bool(ada.chat.outbox._database.write_lock._waiters))
        taken += [asyncio.create_task(ada.says(f"{number}")) for number in range(3)]
        await until(lambda: len(ada.chat.messages._journal._waiting) == 3)
        refused = await ear.asks("sendMessage", room="general", content="too much", client_id="again")
        async with grace.client.post(url, json={"content": "too much"}, headers=grace.bearer) as answer:
            told = (answer.status, answer.headers["Retry-After"])
    assert (refused["error"]["code"], refused["error"]["retry_after"], told) == ("unavailable", 1, (503, "1"))
    assert sorted([(await message).index for message in taken]) == [1, 2, 3, 4]
    again = await ear.asks("sendMessage", room="general", content="again", client_id="again")
    assert again["message"]["index"] == 5


async def keys(server: Server, token: str) -> list[str]:
    """Of everything that is stored, once more in order."""
    found: list[str] = []
    after = 0
    async with ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
        while True:
            url = f"{server.url}/api/v1/rooms/general/messages?after={after}&limit=100"
            async with session.get(url) as answer:
                if answer.status == 429:
                    # It is one of those who have just asked for too much.
                    await asyncio.sleep(int(answer.headers["Retry-After"]))
                    continue
                page = (await answer.json())["messages"]
            if not page:
                return sorted(found)
            found += [message["client_id"] for message in page]
            after = page[-1]["index"]
