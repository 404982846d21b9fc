"""The clock does its rounds, whatever happens on one of them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from functools import partial
from typing import Any
from unittest import mock

import pytest
from structlog.testing import capture_logs

from chatapp.core.errors import Unavailable
from chatapp.jobs.housekeeping import Housekeeper
from chatapp.settings import Settings
from tests.support.house import House, open_house, until
from tests.support.time import SettableClock


@pytest.fixture
async def house(settings: Settings, clock: SettableClock) -> AsyncIterator[House]:
    async with open_house(settings, clock) as opened:
        yield opened


async def test_it_goes_round_again_and_again_and_survives_trouble(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    rounds, enough = 0, asyncio.Event()

    async def tidy() -> None:
        nonlocal rounds
        rounds += 1
        if rounds >= 3:
            enough.set()
        raise Unavailable

    monkeypatch.setattr(house.chat.housekeeping, "tidy", tidy)
    async with Housekeeper(house.chat.housekeeping, hour=0.001, first=0, settled=0), asyncio.timeout(10):
        await enough.wait()


async def test_what_is_over_is_gone_after_a_start(house: House) -> None:
    await house.signs_in((await house.person("ada")).username)
    house.clock.passes(days=house.settings.session_days)
    async with Housekeeper(house.chat.housekeeping, first=0, settled=0):
        await until(lambda: house.rows("SELECT count(*) FROM sessions") == [(0,)])


async def test_a_clock_that_is_ahead_when_the_machine_comes_up_has_half_an_hour_until_anything_is_deleted_by_it(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on a machine without a battery: sessions, invites and the audit log were gone after ten seconds."""
    asked = set[str]()
    for name in ("tidy", "free_files", "sweep_files"):
        monkeypatch.setattr(house.chat.housekeeping, name, partial(noted, asked, name))
    async with Housekeeper(house.chat.housekeeping, first=0, uptime=lambda: 1799.0), asyncio.timeout(10):
        await until(lambda: "free_files" in asked and "sweep_files" in asked)
        assert "tidy" not in asked
        await until(lambda: "tidy" in asked)


@pytest.mark.parametrize(("minutes", "starts"), [(10, [0, 5]), (45, [0, 2, 4]), (-10, [0, 1, 2, 3, 4, 5])])
async def test_who_is_restarted_more_than_hourly_tidies_when_an_hour_is_over(
    house: House, monkeypatch: pytest.MonkeyPatch, minutes: int, starts: list[int]
) -> None:
    """The hour began anew with each start. Of a clock that goes back nothing can be told."""
    tidied: list[int] = []
    turns: list[bool] = []
    is_turn = house.chat.housekeeping.is_turn

    async def asks(every_ms: int) -> bool:
        turns.append(await is_turn(every_ms))
        return turns[-1]

    async def tidy() -> None:
        tidied.append(len(turns) - 1)

    monkeypatch.setattr(house.chat.housekeeping, "is_turn", asks)
    monkeypatch.setattr(house.chat.housekeeping, "tidy", tidy)
    for _ in range(6):
        already = len(turns)
        async with Housekeeper(house.chat.housekeeping, first=0, uptime=lambda: 86_400.0), asyncio.timeout(10):
            await until(partial(is_longer, turns, already))
        house.clock.passes(minutes=minutes)
    assert tidied == starts


def is_longer(turns: list[bool], already: int) -> bool:
    return len(turns) > already


async def test_after_a_start_those_who_come_back_come_first(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = set[str]()
    for name in ("note_seen", "free_files", "tidy", "count_copies", "sweep_files"):
        monkeypatch.setattr(house.chat.housekeeping, name, partial(noted, asked, name))
    looked = asyncio.Event()
    monkeypatch.setattr(house.chat.housekeeping, "free_share", partial(looks, looked))
    async with Housekeeper(house.chat.housekeeping, first=3600), asyncio.timeout(10):
        await looked.wait()
        assert asked == set()
    async with Housekeeper(house.chat.housekeeping, first=0, settled=0), asyncio.timeout(10):
        await until(lambda: asked == {"note_seen", "free_files", "tidy", "count_copies", "sweep_files"})


async def noted(asked: set[str], name: str) -> None:
    asked.add(name)


def looks(looked: asyncio.Event) -> float:
    looked.set()
    return 0.5


async def test_on_stopping_what_was_seen_is_written_down(house: House) -> None:
    identity = await house.signs_in((await house.person("ada")).username)
    async with Housekeeper(house.chat.housekeeping):
        house.clock.passes(minutes=7)
        house.chat.sign_in.note_seen(identity)
    assert house.rows("SELECT seen_at FROM sessions") == [(house.clock(),)]


async def test_a_disk_that_gets_full_is_said_once_until_there_was_room(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = [0.5, 0.04, 0.03, 0.5, 0.04]
    # The last one stays.
    monkeypatch.setattr(house.chat.housekeeping, "free_share", lambda: shares.pop(0) if shares[1:] else shares[0])
    with capture_logs() as logged:
        async with Housekeeper(house.chat.housekeeping, minute=0.001):
            await until(lambda: len(said(logged)) == 2)
    assert said(logged) == ["4.0%", "4.0%"]


def said(logged: Sequence[Mapping[str, Any]]) -> list[str]:
    return [line["free"] for line in logged if line["event"] == "disk.low"]


@pytest.mark.parametrize(
    ("blocks", "files", "share"),
    [((100, 40), (1000, 900), 0.4), ((100, 40), (1000, 20), 0.02), ((100, 40), (0, 0), 0.4)],
    ids=["bytes", "files", "files that are not counted"],
)
async def test_the_free_share_is_that_of_what_runs_out_first_on_the_disk_with_the_database(
    house: House, blocks: tuple[int, int], files: tuple[int, int], share: float
) -> None:
    real = os.statvfs(house.settings.data)
    asked: list[object] = []

    def statvfs(place: object) -> os.statvfs_result:
        asked.append(place)
        numbers = (real.f_bsize, real.f_frsize, blocks[0], blocks[1], blocks[1], files[0], files[1], files[1])
        return os.statvfs_result((*numbers, *tuple(real)[8:]))

    with mock.patch.object(os, "statvfs", statvfs):
        assert house.chat.housekeeping.free_share() == share
    assert asked == [house.settings.data]
