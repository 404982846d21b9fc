"""Three credentials in their order: cookie, query, header; the bad ones fall through."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from chatapp.domain.chat import Chat
from tests.support.cast import Actor
from tests.web.browser import Browser
from tests.web.raw import ask

KEY = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
UPGRADE = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13", KEY]


async def knocks(client: TestClient[Any, Any], path: str = "/ws", *headers: str) -> int:
    """The status of an upgrade; the answer to one that succeeds ends with our end of the connection."""
    session = client.session
    pairs = [tuple(line.split(": ", 1)) for line in [*UPGRADE, *headers]]
    async with session.get(client.make_url(path), headers=pairs) as answer:  # type: ignore[arg-type]
        answer.close()
        return answer.status


def cookie(browser: Browser) -> str:
    return f"Cookie: session={browser.cookie()}"


async def test_each_credential_opens_a_socket(client: TestClient[Any, Any], adas: Browser, ada: Actor) -> None:
    assert await knocks(client, "/ws", cookie(adas)) == 101
    assert await knocks(client, f"/ws?token={ada.token}") == 101
    assert await knocks(client, f"/rooms/general/ws?token={ada.token}") == 101
    for scheme in ("Bearer", "bearer", "BEARER", "Bearer  "):
        assert await knocks(client, "/ws", f"Authorization: {scheme} {ada.token}") == 101


async def test_nothing_empty_and_nothing_bad_opens_one(client: TestClient[Any, Any], ada: Actor) -> None:
    assert await knocks(client) == 403
    assert await knocks(client, "/ws?token=") == 403
    for token in ("garbage", "a.b.c", "chat_personal_", "x" * 5000, "%ff%fe", "%00"):
        assert await knocks(client, f"/ws?token={token}") == 403
    for value in ("Bearer", "Bearer garbage", f"Basic {ada.token}", ada.token, f"Bearer{ada.token}"):
        assert await knocks(client, "/ws", f"Authorization: {value}") == 403


async def test_a_bad_credential_falls_through_to_the_next(client: TestClient[Any, Any], ada: Actor) -> None:
    bearer = f"Authorization: Bearer {ada.token}"
    assert await knocks(client, f"/ws?token={ada.token}", "Cookie: session=garbage") == 101
    assert await knocks(client, "/ws?token=garbage", "Cookie: session=garbage", bearer) == 101
    assert await knocks(client, "/ws?token=", bearer) == 101


async def test_of_two_tokens_the_first_counts(client: TestClient[Any, Any], ada: Actor) -> None:
    assert await knocks(client, f"/ws?token={ada.token}&token=garbage") == 101
    assert await knocks(client, f"/ws?token=garbage&token={ada.token}") == 403


async def test_a_token_in_the_query_is_for_sockets_only(stranger: Browser, ada: Actor) -> None:
    assert (await stranger.opens(f"/api/v1/me?token={ada.token}")).status == 401
    assert (await stranger.opens(f"/rooms?token={ada.token}")).status == 303


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "null",
        "http://{host}.evil.example",
        "http://evil{host}",
        "http://{name}:1",
        "http://{name}",
        "https://{host}",
        "ws://{host}",
        "HTTP://{host}",
        "http://{host}/",
        "http://user@{host}",
        "{host}",
        "file://",
    ],
)
async def test_a_foreign_page_cannot_use_the_cookie(
    client: TestClient[Any, Any], adas: Browser, ada: Actor, origin: str
) -> None:
    header = "Origin: " + origin.format(host=f"{client.host}:{client.port}", name=client.host)
    assert await knocks(client, "/ws", cookie(adas), header) == 403
    assert await knocks(client, f"/ws?token={ada.token}", cookie(adas), header) == 101


async def test_our_own_page_and_a_script_can(client: TestClient[Any, Any], adas: Browser) -> None:
    assert await knocks(client, "/ws", cookie(adas), f"Origin: {adas.origin}") == 101
    assert await knocks(client, "/ws", cookie(adas)) == 101


async def test_two_origins_are_foreign(client: TestClient[Any, Any], adas: Browser) -> None:
    own = f"Origin: {adas.origin}".encode()
    lines = [line.encode() for line in [*UPGRADE, cookie(adas)]]
    answer = await ask(client, b"GET /ws HTTP/1.1", *lines, own, own)
    assert answer.status in {400, 403}


async def test_a_foreign_page_may_read_nothing_but_gets_no_session_either(adas: Browser) -> None:
    # Reading by cookie is kept to ourselves by the browser: no answer carries a CORS header.
    answer = await adas.opens("/api/v1/me", Origin="https://evil.example")
    assert not any(name.lower().startswith("access-control") for name in answer.headers)


async def test_a_disabled_account_is_shut_out_by_every_door(
    client: TestClient[Any, Any], graces: Browser, grace: Actor, ada: Actor, chat: Chat
) -> None:
    assert await knocks(client, "/ws", cookie(graces)) == 101
    await chat.accounts.set_disabled(ada.person, "grace", True)
    assert await knocks(client, "/ws", cookie(graces)) == 403
    assert await knocks(client, f"/ws?token={grace.token}") == 403
    assert (await graces.opens("/rooms")).location.startswith("/login")
    assert (await graces.opens("/api/v1/me", **grace.bearer)).status == 401


async def test_with_a_token_in_the_header_one_is_oneself(stranger: Browser, ada: Actor) -> None:
    answer = await stranger.opens("/api/v1/me", **ada.bearer)
    assert json.loads(answer.text)["username"] == "ada"
    assert (await stranger.opens("/api/v1/me", Authorization=f"bearer {ada.token}")).status == 200
