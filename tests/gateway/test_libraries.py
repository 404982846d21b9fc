"""What scripts are written with: the library ``websockets``, as its manual shows it."""

from __future__ import annotations

import asyncio
import json
from typing import Any, Final

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.typing import Origin

from chatapp.keys import GATEWAY
from tests.support.cast import Actor

EARLY: Final[dict[str, Any]] = {"open_timeout": 5, "close_timeout": 2, "proxy": None}


@pytest.fixture
def url(client: TestClient[Any, Any]) -> str:
    return f"ws://{client.host}:{client.port}"


def bearer(actor: Actor) -> dict[str, Any]:
    return {"additional_headers": actor.bearer, **EARLY}


async def greeted(socket: ClientConnection) -> str:
    return str(json.loads(await socket.recv())["user"]["username"])


async def test_each_way_to_say_who_one_is(url: str, ada: Actor) -> None:
    cookie = {"Cookie": f"session={await ada.signs_in()}"}
    async with (
        connect(f"{url}/ws", **bearer(ada)) as by_header,
        connect(f"{url}/ws?token={ada.token}", **EARLY) as by_query,
        connect(f"{url}/ws", additional_headers=cookie, **EARLY) as by_cookie,
        connect(f"{url}/ws", additional_headers=cookie, origin=Origin(url.replace("ws:", "http:")), **EARLY) as by_page,
    ):
        for socket in (by_header, by_query, by_cookie, by_page):
            assert await greeted(socket) == "ada"


async def test_a_script_of_ten_lines(url: str, ada: Actor, grace: Actor) -> None:
    async with connect(f"{url}/rooms/general/ws", **bearer(ada)) as socket:
        await grace.says("@ada, are you there?")
        question = json.loads(await socket.recv())["messages"][0]
        await socket.send(json.dumps({"action": "sendMessage", "content": f"Yes, {question['username']}."}))
        answer = json.loads(await socket.recv())["messages"][0]
    assert (answer["username"], answer["content"]) == ("ada", "Yes, grace.")


@pytest.mark.parametrize(("path", "status", "code"), [("/ws", 403, "forbidden"), ("/rooms/x/ws", 404, "not_found")])
async def test_a_refusal_can_be_read(url: str, ada: Actor, path: str, status: int, code: str) -> None:
    headers = {} if status == 403 else ada.bearer
    with pytest.raises(InvalidStatus) as refusal:
        await connect(url + path, additional_headers=headers, **EARLY)
    response = refusal.value.response
    assert response.status_code == status
    assert response.headers["Connection"].lower() == "close"
    assert json.loads(response.body or b"")["code"] == code


async def test_a_restart_is_waited_for(url: str, ada: Actor, app: web.Application) -> None:
    async with asyncio.timeout(5):
        async with connect(f"{url}/ws", **bearer(ada)) as socket:
            await greeted(socket)
            drained = asyncio.ensure_future(app[GATEWAY].drain())
            with pytest.raises(ConnectionClosedError) as closed:
                await _read_on(socket)
            await drained
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1012, "restart")


async def _read_on(socket: ClientConnection) -> None:
    while True:
        await socket.recv()


async def test_a_logout_is_told_apart(url: str, ada: Actor) -> None:
    async with connect(f"{url}/ws", **bearer(ada)) as socket:
        await greeted(socket)
        for token in await ada.chat.sign_in.tokens(ada.person):
            await ada.chat.sign_in.revoke_token(ada.person, token.id)
        with pytest.raises(ConnectionClosedError) as closed:
            await socket.recv()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4401, "session ended")


async def test_the_librarys_own_ping_is_answered(url: str, ada: Actor) -> None:
    async with connect(f"{url}/ws", ping_interval=0.05, ping_timeout=2, **bearer(ada)) as socket:
        async with asyncio.timeout(2):
            assert await (await socket.ping()) >= 0
