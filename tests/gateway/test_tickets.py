"""A ticket opens one socket, once, soon, from where it was asked for, and for as long as its credential is good."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
import sqlalchemy as sa

from chatapp.domain import tickets
from chatapp.domain.chat import Chat
from chatapp.storage.tables import tickets as rows
from tests.gateway.conftest import Knock
from tests.support.cast import Actor, Ear
from tests.support.time import SettableClock
from tests.support.wire import upgrade

PAGE = "https://app.example"


async def ticket(actor: Actor, **headers: str) -> str:
    answer = await actor.client.post("/api/v1/ws-tickets", headers={**actor.bearer, **headers})
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    body = await answer.json()
    assert body["expires_in"] == tickets.SECONDS
    return str(body["ticket"])


async def test_a_ticket_opens_one_socket_once(ada: Actor, knock: Knock) -> None:
    secret = await ticket(ada)
    ear = Ear(await ada.client.ws_connect(f"/ws?token={secret}"))
    assert (await ear.frame())["user"]["username"] == "ada"
    assert (await knock(f"/ws?token={secret}")).status == 403
    await ear.ws.close()


async def test_a_room_socket_takes_one_too(ada: Actor, knock: Knock) -> None:
    assert (await knock(f"/rooms/general/ws?token={await ticket(ada)}")).status == 101


async def test_of_fifty_at_once_one_gets_in(ada: Actor, knock: Knock) -> None:
    secret = await ticket(ada)
    answers = await asyncio.gather(*(knock(f"/ws?token={secret}") for _ in range(50)))
    assert Counter(answer.status for answer in answers) == {101: 1, 403: 49}


async def test_a_ticket_is_over_after_thirty_seconds(ada: Actor, knock: Knock, clock: SettableClock) -> None:
    first, second = await ticket(ada), await ticket(ada)
    clock.passes(seconds=tickets.SECONDS - 0.001)
    assert (await knock(f"/ws?token={first}")).status == 101
    clock.passes(seconds=0.001)
    assert (await knock(f"/ws?token={second}")).status == 403


async def test_a_ticket_is_good_for_the_page_that_asked_only(ada: Actor, knock: Knock) -> None:
    for asked_from, used_from, status in (
        (PAGE, PAGE, 101),
        (PAGE, "https://evil.example", 403),
        (PAGE, "null", 403),
        (PAGE, "", 403),
        ("", PAGE, 403),
        ("", "", 101),
    ):
        secret = await ticket(ada, **({"Origin": asked_from} if asked_from else {}))
        origin = [f"Origin: {used_from}"] if used_from else []
        answer = await knock(f"/ws?token={secret}", *upgrade(), *origin)
        assert answer.status == status, (asked_from, used_from)


async def test_a_ticket_ends_with_the_credential_that_asked(chat: Chat, ada: Actor, knock: Knock) -> None:
    unused, used = await ticket(ada), await ticket(ada)
    ear = Ear(await ada.client.ws_connect(f"/ws?token={used}"))
    (token,) = await chat.sign_in.tokens(ada.person)
    await chat.sign_in.revoke_token(ada.person, token.id)
    assert await ear.close_code() == 4401
    assert (await knock(f"/ws?token={unused}")).status == 403


async def test_a_ticket_is_no_token(ada: Actor, knock: Knock) -> None:
    secret = await ticket(ada)
    bearer = {"Authorization": f"Bearer {secret}"}
    assert (await ada.client.get("/api/v1/me", headers=bearer)).status == 401
    assert (await ada.client.post("/api/v1/ws-tickets", headers=bearer)).status == 401
    assert (await knock("/ws", *upgrade(), f"Authorization: Bearer {secret}")).status == 403
    assert (await knock(f"/ws?token={secret}")).status == 101


@pytest.mark.parametrize("token", ["chat_ticket_", "chat_ticket_x", "chat_ticket_%00", "chat_ticket_" + "x" * 5000])
async def test_what_was_never_given_out_opens_nothing(ada: Actor, knock: Knock, token: str) -> None:
    assert (await knock(f"/ws?token={token}")).status == 403


async def test_a_browser_asks_with_its_cookie_from_our_own_page_only(ada: Actor, knock: Knock) -> None:
    cookie = {"Cookie": f"session={await ada.signs_in()}"}
    own = str(ada.client.make_url("/").origin())
    assert (await ada.client.post("/api/v1/ws-tickets", headers={**cookie, "Origin": PAGE})).status == 403
    answer = await ada.client.post("/api/v1/ws-tickets", headers={**cookie, "Origin": own})
    secret = (await answer.json())["ticket"]
    assert (await knock(f"/ws?token={secret}", *upgrade(), f"Origin: {own}")).status == 101


async def test_nobody_gets_none(ada: Actor) -> None:
    assert (await ada.client.post("/api/v1/ws-tickets")).status == 401


async def test_what_nobody_has_used_is_forgotten(chat: Chat, ada: Actor, knock: Knock, clock: SettableClock) -> None:
    await ticket(ada)
    clock.passes(seconds=1)
    alive = await ticket(ada)
    clock.passes(seconds=tickets.SECONDS - 1)
    await chat.housekeeping.tidy()
    assert len(await chat.outbox._database.all(sa.select(rows.c.digest))) == 1
    assert (await knock(f"/ws?token={alive}")).status == 101


async def test_an_origin_that_is_no_text_is_one_like_any(ada: Actor, knock: Knock) -> None:
    bearer = f"Authorization: Bearer {ada.token}"
    said = [bearer, "Content-Length: 0", b"Origin: \xff"]
    assert (await knock("", *said, line="POST /api/v1/ws-tickets HTTP/1.1")).status == 200
    assert (await knock("/ws?token=chat_ticket_x", *upgrade(), b"Origin: \xff")).status == 403


async def test_a_ticket_ends_with_its_token_though_another_is_made_at_once(
    ada: Actor, chat: Chat, knock: Knock
) -> None:
    """What is stolen is revoked, and replaced in the same breath."""
    token, stolen = await chat.sign_in.create_token(ada.person, "stolen", None)
    answer = await ada.client.post("/api/v1/ws-tickets", headers={"Authorization": f"Bearer {stolen}"})
    secret = (await answer.json())["ticket"]
    await chat.sign_in.revoke_token(ada.person, token.id)
    await chat.sign_in.create_token(ada.person, "instead", None)
    assert (await knock(f"/ws?token={secret}")).status == 403
