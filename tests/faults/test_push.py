"""A process that is killed between deciding and sending loses no notice, and what is sent twice is shown once."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from chatapp.core.errors import Unavailable
from chatapp.core.notifications import AWAY_MS
from chatapp.jobs.push import Courier, Pusher
from chatapp.settings import Settings
from chatapp.storage import pushes
from tests.support.house import open_house
from tests.support.push_service import SETTINGS, push_service
from tests.support.pushing import Scene, closing, scene
from tests.support.server import Server
from tests.support.time import SettableClock
from tests.support.visitor import visitor

PAGE = "/settings/notifications"


@pytest.mark.file_only("on a server another process has it after a minute; tests/postgres/test_push.py")
async def test_a_kill_between_writing_down_and_sending_loses_nothing(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", PUSH_CONTACT="mailto:admin@example.org", PUSH_NETWORKS="127.0.0.0/8")
    await server.add_person("ada")
    await server.start()
    async with push_service() as service, visitor(server.url) as ada:
        browser = service.browser()
        # It takes the notice, and never answers.
        service.held = asyncio.Event()
        assert await ada.signs_in("ada") == 303
        async with ada.session.get(f"{server.url}/api/v1/me/notifications") as answer:
            key = (await answer.json())["push"]["key"]
        headers = {"Origin": server.url}
        async with ada.session.put(
            f"{server.url}/api/v1/me/push", json=browser.subscription(key), headers=headers
        ) as answer:
            assert answer.status == 204
        assert (await ada.posts("/settings/push/test", {}, on=PAGE)).status == 303
        await service.until(lambda: service.seen == 1)
        await server.kill()
        service.held.set()
        service.taken.clear()
        await server.start()
        # Under the same key, to the same browser.
        (notice,) = await browser.gets(1)
        assert notice["tag"] == "test"
        await server.stop()


async def test_what_was_said_before_an_end_is_told_after_the_next_start(
    settings: Settings, clock: SettableClock
) -> None:
    async with push_service() as service:
        async with scene(settings, clock, service) as s:
            await s.says("decided")
            while await s.house.chat.push.pushing.deciding.next():
                pass
            await s.says("not decided")
        renewed = replace(settings, limits=False, **SETTINGS)
        async with open_house(renewed, clock) as house, closing(Courier(renewed, clock)) as courier:
            again = Scene(house, service, Pusher(house.chat.push.pushing, courier))
            clock.passes(seconds=AWAY_MS // 1000)
            await again.works()
            assert await again.waiting() == []
        assert [notice["body"] for notice in s.browser.notices()] == ["not decided"]


async def test_a_decision_that_is_not_stored_is_made_again(
    settings: Settings, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object) -> None:
        raise OSError("no space left on device")

    async with scene(settings, clock) as s:
        with monkeypatch.context() as broken:
            broken.setattr(pushes, "add", fails)
            await s.says("hello")
            with pytest.raises((OSError, Unavailable)):
                await s.house.chat.push.pushing.deciding.next()
        assert await s.told() == ["hello"]
