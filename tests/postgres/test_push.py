"""Notices of a chat of several processes: decided once, sent by one, and by another when that one is no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from chatapp.domain.pushing import CLAIM_MS
from chatapp.jobs.push import Courier, Pusher
from tests.postgres.several import shared_settings
from tests.support.house import open_house
from tests.support.push_service import SETTINGS, push_service
from tests.support.pushing import Scene, closing
from tests.support.time import SettableClock


@pytest.fixture
async def two(tmp_path: Path, url: str, clock: SettableClock) -> AsyncIterator[list[Scene]]:
    settings = replace(shared_settings(tmp_path / "data", url), limits=False, **SETTINGS)
    async with (
        push_service() as service,
        open_house(settings, clock) as one,
        open_house(settings, clock) as other,
        closing(Courier(settings, clock)) as courier,
    ):
        scenes = [Scene(each, service, Pusher(each.chat.push.pushing, courier)) for each in (one, other)]
        await scenes[0].meets()
        yield scenes


async def test_each_is_decided_and_sent_once(two: list[Scene]) -> None:
    one, other = two
    for number in range(20):
        await one.says(f"{number}")
        await asyncio.gather(one.works(), other.works())
    assert [notice["body"] for notice in one.browser.notices()] == [f"{number}" for number in range(20)]


async def test_what_one_leaves_another_sends(two: list[Scene], clock: SettableClock) -> None:
    one, other = two
    await one.says("left")
    while await one.house.chat.push.pushing.deciding.next():
        pass
    (due,) = await one.house.chat.push.pushing.next()
    assert await other.house.chat.push.pushing.next() == []
    clock.now += CLAIM_MS
    await other.works()
    assert due.count == 1
    assert [notice["body"] for notice in one.browser.notices()] == ["left"]


async def test_who_is_connected_to_one_is_not_told_by_the_other(two: list[Scene]) -> None:
    one, other = two
    one.house.connects(one.identity)
    async with asyncio.timeout(30):
        while other.house.chat.push.pushing._presence.away_ms(one.grace.id):  # noqa: ASYNC110 - no event
            await asyncio.sleep(0.01)
    await one.says("seen there")
    clock = one.house.clock
    await other.works()
    clock.passes(minutes=2)
    await other.works()
    assert one.browser.notices() == []
    assert await one.waiting() == []
