"""A right that is withdrawn ends at its commit, on every socket and every path, while others go on talking."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

import pytest
from aiohttp import WSServerHandshakeError

from chatapp.core import tokens
from chatapp.core.errors import ChatError, NotFound
from chatapp.core.models import Identity
from chatapp.settings import Settings
from chatapp.storage import links
from tests.support.cast import PASSWORD, Actor, Given
from tests.support.house import until
from tests.support.rounds import IS_LONG, rounds
from tests.support.withdrawal import READS, ROOM, WS, Crowd, Talk, Withdrawal, error_of

NEW_PASSWORD: Final = "another horse battery"
HERE: Final = {"address": "192.0.2.1", "user_agent": "pytest"}
# On a machine that does other things as well; the long run holds what is promised.
CLOSES_WITHIN: Final = 2.0 if IS_LONG else 10.0
ENOUGH: Final = rounds(30, 100)
# For all of it to be heard on a machine that does other things as well.
PATIENCE: Final = rounds(30, 120)

# A thousand kicks take 23 s on an idle machine, and more than a minute on one with other things to do.
pytestmark = pytest.mark.timeout(300)

Act = Callable[[Actor, Actor], Awaitable[Any]]


async def other_browser(grace: Actor) -> Identity:
    secret, _ = await grace.chat.sign_in.with_password("grace", PASSWORD, remember=False, **HERE)
    found = await grace.chat.sign_in.by_session(secret)
    assert found
    return found


async def logs_out(_ada: Actor, grace: Actor) -> None:
    (session,) = await grace.chat.sign_in.sessions(grace.person)
    await grace.chat.sign_in.log_out(Identity(grace.person, session_digest=session.digest))


async def logs_out_others(_ada: Actor, grace: Actor) -> None:
    await grace.chat.sign_in.end_other_sessions(await other_browser(grace))


async def changes_password(_ada: Actor, grace: Actor) -> None:
    keep = await other_browser(grace)
    await grace.chat.accounts.change_password(grace.person, current=PASSWORD, new=NEW_PASSWORD, keep=keep)


async def resets_password(_ada: Actor, grace: Actor) -> None:
    database, secret = grace.chat.outbox._database, tokens.new_secret()
    async with database.transaction() as tx:
        await links.replace(
            tx,
            digest=tokens.digest(secret),
            person_id=grace.person.id,
            purpose="reset",
            email=grace.person.email,
            at=tx.at,
            expires_at=tx.at + 60_000,
        )
    await grace.chat.links.reset(secret, NEW_PASSWORD)


async def revokes(_ada: Actor, grace: Actor) -> None:
    (token,) = await grace.chat.sign_in.tokens(grace.person)
    await grace.chat.sign_in.revoke_token(grace.person, token.id)


async def disables(ada: Actor, grace: Actor) -> None:
    await ada.chat.accounts.set_disabled(ada.person, "grace", True)


MEMBERSHIP: Final[dict[str, Act]] = {
    "kick": lambda ada, grace: ada.removes(grace, from_=ROOM),
    "leave": lambda _ada, grace: grace.leaves(ROOM),
}
# The credential that all sockets and requests of the crowd carry, and what ends it.
CREDENTIALS: Final[dict[str, tuple[str, Act]]] = {
    "logout": ("cookie", logs_out),
    "logout of others": ("cookie", logs_out_others),
    "password change": ("cookie", changes_password),
    "password reset": ("cookie", resets_password),
    "token revoked": ("token", revokes),
    "disabled, by cookie": ("cookie", disables),
    "disabled, by token": ("token", disables),
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limits=False, durability="normal")


@pytest.fixture
async def room(given: Given, ada: Actor, grace: Actor) -> None:
    await given.room("Designers", owner=ada, members=[grace])


async def crowd_of(grace: Actor, credential: str) -> Crowd:
    headers = {"Cookie": f"session={await grace.signs_in()}"} if credential == "cookie" else grace.bearer
    crowd = Crowd(grace.client, headers)
    await crowd.opens()
    return crowd


async def ends_amid_talk(crowd: Crowd, act: Act, ada: Actor, grace: Actor, withdrawal: Withdrawal) -> None:
    """Talk, end the right in the middle of it, talk on; then everything heard is in the crowd."""
    talk = Talk(ada)
    talking = asyncio.create_task(talk.goes_on())
    await until(lambda: talk.said >= ENOUGH and len(crowd.heard) >= 20 * ENOUGH, seconds=PATIENCE)
    withdrawal.begins()
    await act(ada, grace)
    said = talk.said
    await until(lambda: talk.said >= said + ENOUGH, seconds=PATIENCE)
    talk.ends()
    await talking
    assert max(crowd.heard) <= withdrawal.version < talk.said


@pytest.mark.parametrize("way", MEMBERSHIP)
@pytest.mark.parametrize("credential", ["cookie", "token"])
@pytest.mark.usefixtures("room")
async def test_who_is_out_hears_nothing_more_on_any_socket(
    ada: Actor, grace: Actor, monkeypatch: pytest.MonkeyPatch, way: str, credential: str
) -> None:
    withdrawal = Withdrawal(ada.chat, monkeypatch)
    crowd = await crowd_of(grace, credential)
    await ends_amid_talk(crowd, MEMBERSHIP[way], ada, grace, withdrawal)
    assert crowd.after_removal == []
    # The sockets of the one room are closed, those of all rooms stay.
    await until(lambda: len(crowd.closed) == len(crowd.ws) - WS)
    assert {code for code, _ in crowd.closed} == {1000}
    await crowd.ends()
    await every_door_is_shut(grace, crowd.headers, 404)


async def every_door_is_shut(grace: Actor, headers: dict[str, str], status: int) -> None:
    client, html = grace.client, {"Accept": "text/html", **headers}
    for path in (*READS, f"/api/v1/rooms/{ROOM}/messages/1", f"/rooms/{ROOM}/1", f"/api/v1/rooms/{ROOM}/members"):
        async with client.get(path, headers=headers, allow_redirects=False) as answer:
            assert (answer.status, "line" in await answer.text()) == (status, False), path
        async with client.get(path, headers=html, allow_redirects=False) as answer:
            assert answer.status in {status, 303} and "line" not in await answer.text(), path  # noqa: PT018
    with pytest.raises(WSServerHandshakeError):
        await client.ws_connect(f"/rooms/{ROOM}/ws", headers=headers)


@pytest.mark.usefixtures("room")
async def test_who_is_out_says_hears_and_resumes_nothing_until_added_again(ada: Actor, grace: Actor) -> None:
    ear = await grace.listens_to(ROOM)
    mine = (await grace.says("mine", in_=ROOM)).index
    await ada.removes(grace, from_=ROOM)
    await ada.says("meanwhile", in_=ROOM)
    await ear.hears("roomRemoved")
    asked: list[tuple[str, dict[str, Any]]] = [
        ("subscribe", {"after": 0, "epoch": ada.chat.epoch}),
        ("subscribe", {"after": mine}),
        ("subscribe", {"after": 0, "epoch": "another"}),
        ("getRecentMessages", {}),
        ("getRecentMessages", {"before": 99}),
        ("sendMessage", {"content": "x"}),
        ("editMessage", {"index": mine, "content": "x"}),
        ("deleteMessage", {"index": mine}),
        ("markRead", {"index": mine}),
        ("typing", {}),
        ("unsubscribe", {}),
    ]
    for action, fields in asked:
        assert (await ear.asks(action, room=ROOM, **fields))["error"]["code"] == "not_found", action
    assert ear._news == []
    await ada.chat.memberships.add(ada.person, ROOM, "grace")
    again = await ear.subscribes(ROOM, after=mine, epoch=ada.chat.epoch)
    assert [message["content"] for message in again["messages"]] == ["meanwhile"]
    await ada.says("welcome back", in_=ROOM)
    assert [message["content"] for message in await ear.hears_messages(1)] == ["welcome back"]


@pytest.mark.parametrize("way", CREDENTIALS)
@pytest.mark.usefixtures("room")
async def test_what_lived_on_an_ended_credential_ends_with_it(
    ada: Actor, grace: Actor, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    credential, act = CREDENTIALS[way]
    withdrawal = Withdrawal(ada.chat, monkeypatch)
    crowd = await crowd_of(grace, credential)
    await ends_amid_talk(crowd, act, ada, grace, withdrawal)
    await until(lambda: crowd.is_closed)
    assert {code for code, _ in crowd.closed} == {4401}
    took = max(at for _, at in crowd.closed) - withdrawal.at
    print(f"{way}: the last of {len(crowd.closed)} sockets closed after {took:.3f} s")
    assert took < CLOSES_WITHIN
    await crowd.ends()
    await every_door_is_shut(grace, crowd.headers, 401)


@pytest.mark.usefixtures("room")
async def test_an_administrator_no_longer_moderates_on_an_open_socket(given: Given, ada: Actor, grace: Actor) -> None:
    boss = await given.person("boss", is_admin=True)
    await ada.chat.memberships.add(ada.person, ROOM, "boss")
    ear = await boss.listens_to(ROOM)
    for number in (1, 2):
        await grace.says(f"{number}", in_=ROOM)
    assert (await ear.asks("deleteMessage", room=ROOM, index=1))["ok"]
    await ada.chat.accounts.set_admin(ada.person, "boss", False)
    assert (await ear.asks("deleteMessage", room=ROOM, index=2))["error"]["code"] == "forbidden"


@pytest.mark.usefixtures("room")
async def test_a_thousand_kicks_amid_posts_and_subscriptions_leak_nothing(
    ada: Actor, grace: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    withdrawal = Withdrawal(ada.chat, monkeypatch)
    first, second = await grace.listens_to(ROOM, limit=0), await grace.connects()

    async def says(count: int) -> None:
        for _ in range(count):
            top = (await ada.chat.messages.recent(ada.person, ROOM, 0)).version
            await ada.says(f"line {top + 1}", in_=ROOM)

    for _ in range(rounds(50, 1000)):
        for ear in (first, second):
            ear._news.clear()
        answers = asyncio.gather(
            first.asks("subscribe", room=ROOM, limit=5),
            second.asks("subscribe", room=ROOM, after=0, epoch=ada.chat.epoch),
            rest(grace),
        )
        await asyncio.gather(says(3), ada.removes(grace, from_=ROOM), says(2))
        await says(1)
        got = [*await answers, *first._news, *second._news]
        # What came as an answer before the pings below, and what comes with them.
        for ear in (first, second):
            await ear.asks("ping")
            got += ear._news
        heard = [message["version"] for frame in got for message in frame.get("messages", ())]
        assert max(heard, default=0) <= withdrawal.version
        await ada.chat.memberships.add(ada.person, ROOM, "grace")


async def rest(grace: Actor) -> dict[str, Any]:
    async with grace.client.get(READS[0], headers=grace.bearer) as answer:
        text = await answer.text()
        if answer.status == 200:
            return dict(await answer.json())
    assert error_of(text) == "not_found"
    return {}


async def test_a_request_racing_with_being_disabled_brings_nothing_back(given: Given, ada: Actor) -> None:
    """As in CVE-2022-24751: what ran while the account was shut must not have opened it again."""
    sign_in, lin = ada.chat.sign_in, await given.person("lin")
    for number in range(rounds(10, 1000)):
        secret, _ = await sign_in.with_password("lin", PASSWORD, remember=True, **HERE)
        await asyncio.gather(
            sign_in.by_session(secret),
            sign_in.with_password("lin", PASSWORD, remember=True, **HERE),
            sign_in.create_token(lin.person, f"{number}", None),
            ada.chat.accounts.set_disabled(ada.person, "lin", True),
            sign_in.by_session(secret),
            return_exceptions=True,
        )
        assert await sign_in.by_session(secret) is None
        assert await sign_in.sessions(lin.person) == []
        assert await sign_in.by_token(lin.token) is None
        with pytest.raises(NotFound):
            await ada.chat.access.room_for(lin.person, "general")
        with pytest.raises(ChatError):
            await sign_in.create_token(lin.person, "late", None)
        await ada.chat.accounts.set_disabled(ada.person, "lin", False)
        for token in await sign_in.tokens(lin.person):
            if token.name != "tests":
                await sign_in.revoke_token(lin.person, token.id)
