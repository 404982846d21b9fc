"""Links in mails lead to this chat, whatever host a request claims to be for; and each is used as often as it says."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from chatapp.core.errors import ChatError
from chatapp.domain.chat import Chat
from tests.support.cast import PASSWORD, Actor
from tests.web.browser import Browser

CHAT = "https://chat.example.org"
HOSTS = [
    {"Host": "evil.example"},
    {"Host": "evil.example:80", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"},
    {"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example;proto=https"},
    {"X-Forwarded-Server": "evil.example", "X-Original-URL": "http://evil.example/", "X-Host": "evil.example"},
]


@pytest.mark.parametrize("claimed", HOSTS, ids=str)
async def test_the_link_in_a_mail_is_ours_whatever_host_was_asked(
    stranger: Browser, ada: Actor, chat: Chat, monkeypatch: pytest.MonkeyPatch, claimed: dict[str, str]
) -> None:
    chat.letters.public_url = CHAT
    made: list[str] = []
    link = chat.letters._link

    async def noted(*arguments: Any, **more: Any) -> str:
        made.append(await link(*arguments, **more))
        return made[-1]

    monkeypatch.setattr(chat.letters, "_link", noted)
    page = await stranger.opens("/forgot")
    origin = f"http://{claimed.get('Host', stranger.origin.removeprefix('http://'))}".removesuffix(":80")
    sent = await stranger.posts("/forgot", {"csrf": page.csrf(), "email": "ada@example.org"}, origin=origin, **claimed)
    assert sent.status == 303
    async with asyncio.timeout(20):
        while not made:  # noqa: ASYNC110 - the outbox tells nobody
            await asyncio.sleep(0.01)
    assert made[0].startswith(f"{CHAT}/reset/")
    # 256 bits in URL-safe base64.
    assert len(made[0].rpartition("/")[2]) == 43


async def test_an_invitation_lets_in_exactly_as_many_as_it_says_of_fifty_at_once(
    client: TestClient[Any, Any], ada: Actor, chat: Chat
) -> None:
    _, secret = await chat.invites.create(ada.person, uses=7)

    async def registers(number: int) -> bool:
        try:
            await chat.accounts.register(
                username=f"guest{number}", email=f"guest{number}@example.org", password=PASSWORD, invite=secret
            )
        except ChatError:
            return False
        return True

    assert sum(await asyncio.gather(*(registers(number) for number in range(50)))) == 7
