"""Processes on one database that do not hear each other over the bus say so; those that do, or have ended, do not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import pytest
import structlog

from chatapp.domain import neighbours, news
from chatapp.realtime import bus
from chatapp.storage import notices
from tests.postgres.several import Process, hear_each_other, know_the_same, processes, shared_settings
from tests.support.house import until
from tests.support.redis_server import RedisServer

PATIENCE_SECONDS: Final = 2.0


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(neighbours, "BELIEVED_SECONDS", PATIENCE_SECONDS)
    monkeypatch.setattr(news, "BEAT_SECONDS", PATIENCE_SECONDS / 5)
    # As there, a third of it at most: who looks for the bus more seldom is rightly missed.
    monkeypatch.setattr(bus, "LONGEST_PAUSE", PATIENCE_SECONDS / 5)


@pytest.fixture
def logs() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as logs:
        yield logs


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


def apart(logs: list[Any]) -> int:
    return sum(line["event"] == "bus.apart" for line in logs)


async def begins(stack: AsyncExitStack, data: Path, url: str, redis_url: str) -> Process:
    return (await stack.enter_async_context(processes(1, shared_settings(data, url, redis_url=redis_url))))[0]


async def reported(one: Process) -> None:
    """Wait until it has read who has begun, and waits for nobody any more."""
    last = await notices.newest(one.news._database)
    await until(lambda: one.news._last >= last and not one.news._neighbours._awaited)


@pytest.mark.parametrize("which", ["none", "another"])
async def test_with_another_bus_the_one_that_came_last_says_so(
    url: str, tmp_path: Path, redis: RedisServer, which: str, logs: list[Any]
) -> None:
    async with AsyncExitStack() as stack:
        wrong = "" if which == "none" else stack.enter_context(RedisServer()).url
        first = [await begins(stack, tmp_path / "data", url, redis.url) for _ in range(2)]
        await hear_each_other(first)
        assert apart(logs) == 0
        last = await begins(stack, tmp_path / "data", url, wrong)
        await until(lambda: apart(logs) > 0)
        await know_the_same([*first, last])
        assert not any(each.news._neighbours._awaited for each in first)


async def test_who_hears_the_others_or_has_ended_says_nothing(
    url: str, tmp_path: Path, redis: RedisServer, logs: list[Any]
) -> None:
    async with AsyncExitStack() as stack:
        first = await begins(stack, tmp_path / "data", url, redis.url)
        second = await begins(stack, tmp_path / "data", url, redis.url)
        await reported(first)
        async with AsyncExitStack() as soon_over:
            await begins(soon_over, tmp_path / "data", url, "")
        await reported(first)
        await know_the_same([first, second])
        assert apart(logs) == 0


async def test_while_the_bus_is_away_nobody_is_missed(
    url: str, tmp_path: Path, redis: RedisServer, logs: list[Any]
) -> None:
    async with AsyncExitStack() as stack:
        first = await begins(stack, tmp_path / "data", url, redis.url)
        redis.kill()
        await until(lambda: first.bus.is_away)
        second = await begins(stack, tmp_path / "data", url, redis.url)
        await until(lambda: bool(first.news._neighbours._awaited))
        # Longer than anybody is waited for.
        began = first.news._neighbours._awaited[second.bus.source]
        await until(lambda: first.news._neighbours._awaited[second.bus.source] > began + PATIENCE_SECONDS)
        redis.start()
        await hear_each_other([first, second])
        await until(lambda: not first.news._neighbours._awaited)
        assert apart(logs) == 0
