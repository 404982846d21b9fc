"""Somebody who writes, and somebody with a closed browser that is told of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from chatapp.core.models import Identity, Person
from chatapp.core.notifications import AWAY_MS
from chatapp.core.push import Subscription
from chatapp.jobs.push import Courier, Pusher
from chatapp.settings import Settings
from chatapp.storage import pushes
from tests.support.house import House, open_house
from tests.support.push_service import SETTINGS, PushBrowser, PushService, push_service
from tests.support.time import SettableClock


class Scene:
    """Ada writes, and Grace has a browser that is closed."""

    def __init__(self, house: House, service: PushService, pusher: Pusher) -> None:
        self.house = house
        self.service = service
        self.pusher = pusher

    async def meets(self) -> None:
        self.ada = await self.house.person("ada", is_admin=True)
        self.grace = await self.house.person("grace")
        self.identity, self.browser = await self.subscribes("grace")
        self.house.clock.passes(seconds=AWAY_MS // 1000 + 1)

    async def subscribes(self, username: str) -> tuple[Identity, PushBrowser]:
        identity, browser = await self.house.signs_in(username), self.service.browser()
        found = Subscription(**browser.subscription(self.house.chat.push.key))
        await self.house.chat.push.subscribe(identity, found)
        return identity, browser

    async def says(self, content: str, *, by: Person | None = None, room: str = "general", **more: Any) -> int:
        return (await self.house.chat.messages.post(by or self.ada, room, content, **more)).index

    async def works(self) -> None:
        """Until there is nothing to decide or to send now."""
        while await self.house.chat.push.pushing.deciding.next():
            pass
        while await self.pusher.send():
            await asyncio.gather(*self.pusher._in_hand)

    async def told(self) -> list[str]:
        """What Grace's browser has been told, once all is done."""
        await self.works()
        return [notice["body"] for notice in self.browser.notices()]

    async def waiting(self) -> list[pushes.Push]:
        return await pushes.due(self.house.database, 2**60, 100)


@asynccontextmanager
async def closing(courier: Courier) -> AsyncIterator[Courier]:
    try:
        yield courier
    finally:
        await courier.close()


@asynccontextmanager
async def scene(settings: Settings, clock: SettableClock, service: PushService | None = None) -> AsyncIterator[Scene]:
    """``service``: one that outlives it."""
    if service is None:
        async with push_service() as own, scene(settings, clock, own) as opened:
            yield opened
        return
    settings = replace(settings, limits=False, **SETTINGS)
    async with open_house(settings, clock) as house, closing(Courier(settings, clock)) as courier:
        opened = Scene(house, service, Pusher(house.chat.push.pushing, courier))
        await opened.meets()
        yield opened
