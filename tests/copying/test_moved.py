"""Whoever was connected to the file goes on with the copy: the same history, logged in still, nothing loaded anew."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import ClientSession

from tests.copying.scene import fresh
from tests.support.cast import Ear
from tests.support.command import Chatapp
from tests.support.server import PASSWORD, Server, serving
from tests.support.visitor import visitor

pytestmark = pytest.mark.file_only("it is a file that is copied")
PATHS: Final = ("rooms", "me", "rooms/general/members", "rooms/ops/members")


async def everything(server: Server, tokens: dict[str, str]) -> dict[str, Any]:
    """What each person is answered: rooms, people (but not whether they are here), and every message of every room."""
    found: dict[str, Any] = {}
    for name, token in tokens.items():
        async with ClientSession(f"{server.url}/api/v1/", headers={"Authorization": f"Bearer {token}"}) as session:
            for path in PATHS:
                found[f"{name} {path}"] = await answer(session, path)
            for slug in [room["slug"] for room in found[f"{name} rooms"][1]["rooms"]]:
                found[f"{name} {slug}"] = await history(session, slug)
    return found


async def history(session: ClientSession, slug: str) -> list[Any]:
    found: list[Any] = []
    while True:
        after = found[-1]["index"] if found else 0
        _, page = await answer(session, f"rooms/{slug}/messages?after={after}&limit=100")
        if not page["messages"]:
            return found
        found += page["messages"]


async def answer(session: ClientSession, path: str) -> tuple[int, Any]:
    async with session.get(path) as response:
        found = await response.json() if response.ok else None
    for member in (found or {}).get("members", ()):
        del member["presence"]
    return response.status, found


@asynccontextmanager
async def listening(server: Server, token: str) -> AsyncIterator[Ear]:
    async with ClientSession(server.url) as session:
        yield Ear(await session.ws_connect("/ws", headers={"Authorization": f"Bearer {token}"}))


async def test_nobody_notices_that_the_chat_has_moved(
    chatapp: Chatapp, furnished: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    tokens, url = furnished[1], fresh(is_migrated=True)
    async with visitor("") as browser:
        async with serving(chatapp.data, LIMITS="off") as server:
            browser.url = server.url
            assert await browser.signs_in("ada", PASSWORD) == 303
            async with listening(server, tokens["ada"]) as ear:
                top = await ear.subscribes("ops")
                await ear.says("Missed by those who are away", "ops", client_id="once")
            before = await everything(server, tokens)
            port = server.port
            assert await server.stop() == 0
        done = await asyncio.to_thread(chatapp, "copy", "--to", url)
        assert (done.code, done.err) == (0, "")
        # What the file held is not needed any more; the secrets are.
        data = tmp_path / "kept"
        data.mkdir(mode=0o700)
        shutil.copy(chatapp.data / "secrets.json", data)
        async with serving(data, LIMITS="off", PORT=str(port), DATABASE_URL=url) as server:
            assert await everything(server, tokens) == before
            assert await browser.is_in()
            async with listening(server, tokens["ada"]) as ear:
                back = await ear.subscribes("ops", after=top["version"], epoch=top["epoch"])
                assert (len(back["messages"]), back["complete"]) == (1, True)
                # Its key is known still: sent again, it is the message of before.
                again = await ear.says("Missed by those who are away", "ops", client_id="once")
                assert again["version"] == top["version"] + 1
                assert (await ear.says("And on", "ops"))["index"] == again["index"] + 1
            assert await server.stop() == 0
