"""What ends a right at one server closes the sockets at every other: processes of their own, real requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from chatapp.app import open_chat
from tests.postgres.several import shared_settings
from tests.support.redis_server import RedisServer
from tests.support.rounds import rounds
from tests.support.server import PASSWORD, Server
from tests.support.visitor import Visitor, visitor

SERVERS: Final = 3
# The long run holds what is promised; in the ordinary one the machine may have other things to do.
SECONDS: Final = rounds(20, 2)
CLOSED, REMOVED = 4401, "roomRemoved"
Socket = ClientWebSocketResponse
Ends = tuple[list[Socket], int | str]


@dataclass
class House:
    """``keys``: a token of everybody, by their name; all are in the room."""

    servers: list[Server]
    room: str
    keys: dict[str, str]
    stack: AsyncExitStack

    async def by_token(self, name: str) -> list[Socket]:
        return await self._opens({"Authorization": f"Bearer {self.keys[name]}"})

    async def by_cookie(self, browser: Visitor) -> list[Socket]:
        return await self._opens({"Cookie": "; ".join(f"{name}={value}" for name, value in browser.cookies().items())})

    async def browser(self, name: str, *, at: int = 0) -> Visitor:
        """Logged in."""
        opened = await self.stack.enter_async_context(visitor(self.servers[at].url))
        assert await opened.signs_in(name) == 303
        return opened

    async def ada_asks(self, method: str, path: str, **body: Any) -> None:
        """The first server."""
        async with (
            ClientSession(headers={"Authorization": f"Bearer {self.keys['ada']}"}) as session,
            session.request(method, f"{self.servers[0].url}/api/v1/{path}", json=body or None) as said,
        ):
            assert said.status < 300, await said.text()

    async def _opens(self, headers: dict[str, str]) -> list[Socket]:
        """One socket to each server, where the room is heard."""
        session = await self.stack.enter_async_context(ClientSession(headers=headers))
        found = [await session.ws_connect(f"{server.url}/ws") for server in self.servers]
        for ws in found:
            await ws.send_json({"action": "subscribe", "ref": 1, "room": self.room})
            assert (await answer(ws))["ok"]
        return found


async def answer(ws: Socket) -> Any:
    while not (said := await ws.receive_json(timeout=30)).get("ref"):
        pass
    return said


async def end_of(ws: Socket) -> int | str | None:
    """Its close code, or that the room is lost."""
    while (message := await ws.receive(timeout=30)).type is WSMsgType.TEXT:
        if message.json().get("event") == REMOVED:
            return REMOVED
    return ws.close_code


async def _kicked(house: House, name: str) -> Ends:
    sockets = await house.by_token(name)
    await house.ada_asks("DELETE", f"rooms/{house.room}/members/{name}")
    return sockets, REMOVED


async def _disabled(house: House, name: str) -> Ends:
    sockets = [*await house.by_token(name), *await house.by_cookie(await house.browser(name))]
    await house.ada_asks("PATCH", f"users/{name}", is_disabled=True)
    return sockets, CLOSED


async def _revoked(house: House, name: str) -> Ends:
    sockets, browser = await house.by_token(name), await house.browser(name)
    _, page = await browser.opens("/settings/tokens")
    number = page.split('action="/settings/tokens/')[1].split("/")[0]
    assert (await browser.posts(f"/settings/tokens/{number}/revoke", {}, on="/settings/tokens")).status == 303
    return sockets, CLOSED


async def _logged_out(house: House, name: str) -> Ends:
    browser = await house.browser(name)
    sockets = await house.by_cookie(browser)
    assert (await browser.posts("/logout", {}, on="/rooms/general")).status == 303
    return sockets, CLOSED


async def _logged_out_elsewhere(house: House, name: str) -> Ends:
    browser, other = await house.browser(name), await house.browser(name, at=1)
    sockets = await house.by_cookie(other)
    assert (await browser.posts("/settings/sessions/end-others", {}, on="/settings/sessions")).status == 303
    return sockets, CLOSED


async def _changed_the_password(house: House, name: str) -> Ends:
    browser, other = await house.browser(name), await house.browser(name, at=1)
    sockets = await house.by_cookie(other)
    fields = {"current": PASSWORD, "new": "another long sentence"}
    assert (await browser.posts("/settings/password", fields, on="/settings/profile")).status == 303
    return sockets, CLOSED


EVENTS: Final[dict[str, Callable[[House, str], Awaitable[Ends]]]] = {
    "kicked": _kicked,
    "disabled": _disabled,
    "revoked": _revoked,
    "logged-out": _logged_out,
    "logged-out-elsewhere": _logged_out_elsewhere,
    "new-password": _changed_the_password,
}


async def _people(data: Path, url: str) -> tuple[str, dict[str, str]]:
    """One for each event, and Ada, in a room of theirs: its slug, and a token of each."""
    keys = {}
    async with open_chat(shared_settings(data, url)) as chat:
        for name in ("ada", *EVENTS):
            person = await chat.accounts.add(
                username=name, email=f"{name}@example.org", password=PASSWORD, is_admin=name == "ada"
            )
            keys[name] = (await chat.sign_in.create_token(person, "pytest", None))[1]
            if name == "ada":
                ada, room = person, await chat.rooms.create(person, name="Designers", kind="closed")
            else:
                await chat.memberships.add(ada, room.slug, name)
    return room.slug, keys


@pytest.fixture(params=["postgres", "redis", "redis, which is dead"])
async def house(request: pytest.FixtureRequest, tmp_path: Path, url: str) -> AsyncIterator[House]:
    data = tmp_path / "data"
    room, keys = await _people(data, url)
    with RedisServer() if "redis" in request.param else nullcontext() as redis:
        settings = {"DATABASE_URL": url, "LIMITS": "off", **({"REDIS_URL": redis.url} if redis else {})}
        servers = [Server(data, **settings) for _ in range(SERVERS)]
        async with AsyncExitStack() as stack:
            for server in servers:
                stack.push_async_callback(server.kill)
            await asyncio.gather(*(server.start() for server in servers))
            if redis and "dead" in request.param:
                redis.kill()
            yield House(servers, room, keys, stack)


@pytest.mark.timeout(300)
async def test_it_is_over_at_every_server(house: House) -> None:
    stays = await house.by_token("ada")
    for name, happens in EVENTS.items():
        sockets, wanted = await happens(house, name)
        began = asyncio.get_running_loop().time()
        assert set(await asyncio.gather(*map(end_of, sockets))) == {wanted}, name
        took = asyncio.get_running_loop().time() - began
        print(f"{name}: {len(sockets)} sockets of {SERVERS} servers, the last {1000 * took:.0f} ms after the answer")
        assert took < SECONDS, name
    for ws in stays:
        await ws.send_json({"action": "ping", "ref": 2})
        assert (await answer(ws))["ok"]
