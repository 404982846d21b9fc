"""Jobs of a chat of several processes: each is done by one of them, and by another when that one is no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from chatapp.domain.outbox import CLAIM_MS, Job
from tests.postgres.several import shared_settings
from tests.support.house import House, open_house
from tests.support.rounds import rounds
from tests.support.time import SettableClock

JOBS = rounds(20, 200)
HOUR_MS = 3_600_000


@pytest.fixture
async def houses(tmp_path: Path, url: str, clock: SettableClock) -> AsyncIterator[list[House]]:
    settings = shared_settings(tmp_path / "data", url)
    async with open_house(settings, clock) as one, open_house(settings, clock) as other:
        yield [one, other]


async def _put(house: House, count: int) -> None:
    async with house.database.transaction() as tx:
        for number in range(count):
            await house.chat.outbox.put(tx, "mail", f"{number}")


async def test_each_is_done_by_one(houses: list[House]) -> None:
    await _put(houses[0], JOBS)
    done: list[str] = []

    async def works(house: House) -> None:
        empty = 0
        while empty < 3:
            job = await house.chat.outbox.next()
            if job is None:
                empty += 1
                continue
            done.append(house.chat.outbox.payload(job))
            await house.chat.outbox.done(job)

    await asyncio.gather(*map(works, houses))
    assert sorted(done, key=int) == [f"{number}" for number in range(JOBS)]


async def test_what_one_leaves_another_does(houses: list[House], clock: SettableClock) -> None:
    await _put(houses[0], 1)
    left = await houses[0].chat.outbox.next()
    assert isinstance(left, Job)
    assert await houses[1].chat.outbox.next() is None
    clock.now += CLAIM_MS
    assert await houses[1].chat.outbox.next() == left


async def test_one_of_them_tidies_each_hour(houses: list[House], clock: SettableClock) -> None:
    async def turns() -> int:
        return sum(await asyncio.gather(*(house.chat.housekeeping.is_turn(HOUR_MS) for house in houses)))

    assert await turns() == 1
    assert await turns() == 0
    clock.now += HOUR_MS
    assert await turns() == 1
    clock.now -= 24 * HOUR_MS
    assert await turns() == 1
