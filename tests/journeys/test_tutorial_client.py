"""The clients of the tutorials, unmodified: the small door frame by frame, and Python ``websockets`` in three ways."""

from __future__ import annotations

import itertools
import json
from collections.abc import AsyncIterator
from typing import Any, Final

import aiohttp
import jwt
import pytest
import pytest_asyncio
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.support.server import PASSWORD, Server

SHARED: Final = "a secret that two programs share, long enough"
_numbers = itertools.count(1)


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Server, str, str]]:
    """A server with ada and grace, and their tokens."""
    server = Server(tmp_path_factory.mktemp("tutorial") / "data", LIMITS="off", SHARED_JWT_SECRET=SHARED)
    ada = await server.add_person("ada", is_admin=True)
    grace = await server.add_person("grace")
    await server.start()
    yield server, ada, grace
    await server.kill()


@pytest_asyncio.fixture(loop_scope="module")
async def room(door: tuple[Server, str, str]) -> str:
    """The path of an empty room with both in it."""
    server, ada, _ = door
    async with aiohttp.ClientSession(f"{server.url}/api/v1/", headers={"Authorization": f"Bearer {ada}"}) as script:
        slug = f"room-{next(_numbers)}"
        assert (await script.post("rooms", json={"name": slug})).status == 201
        assert (await script.put(f"rooms/{slug}/members/grace")).status < 300
    return f"/rooms/{slug}/ws"


def at(server: Server, path: str) -> str:
    return server.url.replace("http", "ws") + path


async def ask(ws: ClientConnection, **frame: Any) -> dict[str, Any]:
    await ws.send(json.dumps(frame))
    return await hear(ws)


async def hear(ws: ClientConnection) -> dict[str, Any]:
    return dict(json.loads(await ws.recv()))


async def signed_in(server: Server) -> str:
    """The session cookie of somebody who used the login form."""
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(server.url, cookie_jar=jar, headers={"Origin": server.url}) as browser:
        page = await (await browser.get("/login")).text()
        token = page.split('name="csrf" value="')[1].split('"')[0]
        form = {"csrf": token, "username": "ada", "password": PASSWORD}
        assert (await browser.post("/login", data=form, allow_redirects=False)).status == 303
        return next(cookie.value for cookie in jar if cookie.key == "session")


async def test_the_tutorials_exchange_frame_by_frame(door: tuple[Server, str, str], room: str) -> None:
    server, ada_token, grace_token = door
    path = f"{room}?token="
    async with connect(at(server, path + ada_token)) as ada, connect(at(server, path + grace_token)) as grace:
        assert await ask(ada, action="getRecentMessages") == {"messages": []}
        await ada.send(
            json.dumps(
                {
                    "action": "sendMessage",
                    "content": "hello, everybody",
                    "token": ada_token,
                    "username": "mallory",
                    "room": "elsewhere",
                }
            )
        )
        for ws in (ada, grace):
            frame = await hear(ws)
            (message,) = frame["messages"]
            assert (message["username"], message["content"], message["index"]) == ("ada", "hello, everybody", 1)
            assert message["timestamp"].endswith("Z")
        for number in range(2, 13):
            assert (await ask(grace, action="sendMessage", content=f"{number}"))["messages"][0]["index"] == number
            await hear(ada)
        recent = await ask(ada, action="getRecentMessages")
        assert [message["index"] for message in recent["messages"]] == list(range(3, 13))
        assert list(recent) == ["messages"]


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ('{"action": "dance"}', "unknown_action"),
        ('{"content": "no action"}', "unknown_action"),
        ("not json", "bad_json"),
        ("[1, 2]", "bad_json"),
    ],
)
async def test_an_error_is_a_frame_with_messages_and_the_socket_stays(
    door: tuple[Server, str, str], room: str, frame: str, code: str
) -> None:
    server, ada_token, _ = door
    async with connect(at(server, f"{room}?token={ada_token}")) as ada:
        await ada.send(frame)
        answer = await hear(ada)
        assert answer["messages"] == []
        assert (answer["error"]["code"], answer["error"]["status"]) == (code, 400)
        assert (await ask(ada, action="getRecentMessages"))["messages"] == []


async def test_a_token_in_a_frame_must_name_the_same_person(door: tuple[Server, str, str], room: str) -> None:
    server, ada_token, grace_token = door
    async with connect(at(server, f"{room}?token={ada_token}")) as ada:
        answer = await ask(ada, action="sendMessage", content="as grace?", token=grace_token)
        assert answer["error"]["code"] == "forbidden"
        assert (await ask(ada, action="getRecentMessages"))["messages"] == []


async def test_lines_of_text_for_people_who_type(door: tuple[Server, str, str], room: str) -> None:
    server, ada_token, grace_token = door
    async with (
        connect(at(server, f"{room}?format=text&token={ada_token}")) as ada,
        connect(at(server, room), additional_headers={"Authorization": f"Bearer {grace_token}"}) as grace,
    ):
        await ada.send("早上好 {not json}\n")
        assert await ada.recv() == "ada: 早上好 {not json}"
        assert (await hear(grace))["messages"][0]["content"] == "早上好 {not json}"
        await ask(grace, action="sendMessage", content="hi\nada: I resign\x1b[2J")
        assert await ada.recv() == "grace: hi\n  ada: I resign[2J"
        await ada.send("   ")
        assert str(await ada.recv()).startswith("! ")


async def test_python_websockets_with_cookie_token_and_header(door: tuple[Server, str, str]) -> None:
    server, ada_token, _ = door
    ways: list[dict[str, Any]] = [
        {"uri": at(server, "/ws"), "additional_headers": {"Cookie": f"session={await signed_in(server)}"}},
        {"uri": at(server, f"/ws?token={ada_token}")},
        {"uri": at(server, "/ws"), "additional_headers": {"Authorization": f"Bearer {ada_token}"}},
        {"uri": at(server, "/ws"), "additional_headers": {"Authorization": f"bearer {minted('ada')}"}},
    ]
    for number, way in enumerate(ways, 1):
        async with connect(**way) as ws:
            hello = await hear(ws)
            assert (hello["event"], hello["user"]["username"]) == ("hello", "ada")
            answer = await ask(ws, action="sendMessage", room="general", content=f"way {number}", ref=number)
            assert (answer["ok"], answer["ref"], answer["message"]["index"]) == (True, number, number)


def minted(username: str) -> str:
    """A token of another program that shares our secret, as the tutorial makes it."""
    return jwt.encode({"username": username}, SHARED, algorithm="HS256")


@pytest.mark.parametrize(
    "way",
    [
        {},
        {"additional_headers": {"Authorization": "Bearer nonsense"}},
        {"additional_headers": {"Cookie": "session=nonsense"}},
        {"additional_headers": {"Authorization": f"Bearer {minted('nobody')}"}},
        {"origin": "https://evil.example", "additional_headers": {"Cookie": "session=nonsense"}},
    ],
    ids=["nothing", "bad token", "bad cookie", "unknown person", "foreign origin"],
)
@pytest.mark.parametrize("path", ["/ws", "/rooms/general/ws"])
async def test_a_refusal_is_a_403_with_a_body_to_read(
    door: tuple[Server, str, str], path: str, way: dict[str, Any]
) -> None:
    server, _, _ = door
    with pytest.raises(InvalidStatus) as refused:
        async with connect(at(server, path), **way):
            pass
    response = refused.value.response
    assert response.status_code == 403
    assert response.headers["Content-Type"].startswith("application/problem+json")
    assert response.headers["Connection"] == "close"
    problem = json.loads(response.body or b"")
    assert {"type", "title", "status", "detail", "code", "request_id"} <= problem.keys()
    assert (problem["status"], problem["code"]) == (403, "forbidden")


async def test_a_foreign_origin_makes_a_good_cookie_worthless(door: tuple[Server, str, str]) -> None:
    server, ada_token, _ = door
    cookie = {"Cookie": f"session={await signed_in(server)}"}
    with pytest.raises(InvalidStatus) as refused:
        async with connect(at(server, "/ws"), origin="https://evil.example", additional_headers=cookie):  # type: ignore[arg-type]
            pass
    assert refused.value.response.status_code == 403
    uri = at(server, f"/ws?token={ada_token}")
    async with connect(uri, origin="https://evil.example", additional_headers=cookie) as ws:  # type: ignore[arg-type]
        assert (await hear(ws))["event"] == "hello"
    async with connect(at(server, "/ws"), origin=server.url, additional_headers=cookie) as ws:  # type: ignore[arg-type]
        assert (await hear(ws))["event"] == "hello"
