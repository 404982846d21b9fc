"""A restart under thousands of clients: they come back by themselves, spread out, and miss nothing."""

from __future__ import annotations

import asyncio
import math
import signal
import time
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Final

import pytest
from aiohttp import ClientSession

from tests.faults.crowd import populate
from tests.faults.figures import p99
from tests.faults.health import HEALTHY_SECONDS, asked_all_along
from tests.faults.line import Gone, Line, Refused, Said
from tests.faults.recorder import Address, Listener
from tests.support.backoff import retry_seconds, return_seconds
from tests.support.house import until
from tests.support.rounds import IS_LONG, rounds
from tests.support.server import Server

CLIENTS: Final = rounds(150, 2000)
AT_ONCE: Final = 50
WHILE_AWAY: Final = 20
BACK_SECONDS: Final = rounds(30, 60)
# What is promised to those who come back to a machine of its own.
ALL_BACK_SECONDS, MOST_FAILED, RESUMED_SECONDS = 10.0, 0.05, 0.5
# In the short run everybody is in a hurry.
HURRY: Final = rounds(4, 1)


class Page(Listener):
    """Comes back as our page does: after ``draining`` when the server asked it to, else in a window that doubles, or as
    wide as the server last said."""

    def __init__(self, address: Address, token: str, name: str) -> None:
        super().__init__(address, token, name, ("general",))
        self.failed = 0
        self.came_at = 0.0
        self.took = 0.0
        self.spread = 0
        self._attempt = 0
        self._asked_to_wait: float | None = None

    async def run(self) -> None:
        while not self.is_over:
            began = time.monotonic()
            try:
                line = await self.opens()
            except (OSError, Refused, TimeoutError):
                self.failed += 1
            else:
                self.came_at = began
                try:
                    await self.talk(line)
                except Gone as gone:
                    self.codes.append(gone.code)
                finally:
                    line.cut()
            await self._waits()

    async def _waits(self) -> None:
        if self.is_over:
            return
        wait, self._asked_to_wait = self._asked_to_wait, None
        if wait is None:
            wait, self._attempt = retry_seconds(self._attempt, self.spread), self._attempt + 1
        await asyncio.sleep(wait / HURRY)

    def beats(self) -> None:
        """As a page does every 25 s."""
        assert self._line is not None
        self._line.send("ping")

    async def opens(self) -> Line:
        line = await Attentive.open(self.address.port, self.token)
        line.page = self
        self.connects += 1
        return line

    def told(self, said: Said) -> None:
        if said.event == "draining":
            self._asked_to_wait = return_seconds(said.retry_after)
        elif said.spread:
            self.spread = said.spread
        elif said.ref is not None and said.room:
            self._attempt, self.took = 0, time.monotonic() - self.came_at


class Attentive(Line):
    """Tells its page of what it hears."""

    page: Page

    async def receive(self) -> Said:
        said = await super().receive()
        self.page.told(said)
        return said


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    running = Server(tmp_path / "data", LIMITS="off")
    yield running
    await running.kill()


async def posts(server: Server, token: str, count: int) -> int:
    """The room's version after so many messages."""
    headers = {"Authorization": f"Bearer {token}"}
    async with ClientSession(headers=headers) as session:
        for number in range(count):
            url = f"{server.url}/api/v1/rooms/general/messages"
            async with session.post(url, json={"content": f"{number}"}) as answer:
                version = int((await answer.json())["version"])
    return version


@pytest.mark.timeout(180 + CLIENTS // 10)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["restart", "kill"])
async def test_everybody_comes_back_by_themselves(server: Server, number: signal.Signals) -> None:
    tokens = await populate(server.data, ("general",))
    await server.start()
    address = Address()
    address.port = server.port
    pages = [Page(address, tokens[n % len(tokens)], f"page {n}") for n in range(CLIENTS)]
    at_work = []
    for start in range(0, CLIENTS, AT_ONCE):
        some = pages[start : start + AT_ONCE]
        at_work += [asyncio.create_task(page.run()) for page in some]
        await until(partial(have_come, some), seconds=60)
    for page in pages:
        page.beats()
    await until(lambda: all(page.spread == math.ceil(CLIENTS / 400) for page in pages), seconds=60)
    try:
        await comes_and_goes(server, tokens[0], pages, number)
    finally:
        for page in pages:
            page.is_over = True
            page.leaves()
        for task in at_work:
            task.cancel()
        await asyncio.gather(*at_work, return_exceptions=True)


def have_come(pages: list[Page]) -> bool:
    return all(page.took for page in pages)


async def comes_and_goes(server: Server, token: str, pages: list[Page], number: signal.Signals) -> None:
    first = time.monotonic()
    assert await (server.stop() if number is signal.SIGTERM else gone(server)) is not None
    await server.start()
    back_at = time.monotonic()
    async with asked_all_along(server) as healthy:
        top = await posts(server, token, WHILE_AWAY)
        await until(lambda: all(page.knows_up_to({"general": top}) for page in pages), seconds=BACK_SECONDS)
        all_back = time.monotonic() - back_at
    assert p99(healthy) < HEALTHY_SECONDS
    came = [page.came_at - back_at for page in pages]
    tries = sum(page.failed for page in pages)
    if number is signal.SIGTERM:
        assert {page.codes[-1] for page in pages} == {1012}
        # Asked to wait 5 s, they take as long again.
        assert max(came) - min(came) > 3 / HURRY
    slots = Counter(int(10 * (at - min(came)) / (max(came) - min(came) + 1e-9)) for at in came)
    print(
        f"storm, {number.name}: {len(pages)} pages, away {back_at - first:.1f} s, all back {all_back:.1f} s after,"
        f" {tries} tries failed ({100 * tries / (tries + len(pages)):.1f} %), resumed in"
        f" {p99([page.took for page in pages]):.3f} s (p99), /healthz {p99(healthy) * 1000:.0f} ms (p99),"
        f" by tenths {[slots[tenth] for tenth in range(11)]}"
    )
    if IS_LONG:
        assert all_back < ALL_BACK_SECONDS
        assert tries / (tries + len(pages)) < MOST_FAILED
        assert p99([page.took for page in pages]) < RESUMED_SECONDS


async def gone(server: Server) -> int:
    await server.kill()
    return 0
