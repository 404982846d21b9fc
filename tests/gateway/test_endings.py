"""A right that is withdrawn stops reading and hearing at once; the reason is in the close code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest
from aiohttp import web

from chatapp.core.models import Identity
from chatapp.domain.chat import Chat
from chatapp.keys import GATEWAY
from tests.gateway.conftest import Knock, Opens
from tests.support.cast import PASSWORD, Actor, Given
from tests.support.time import eventually
from tests.support.wire import upgrade

Deed = Callable[[Chat, Actor, Actor, Identity], Awaitable[None]]


async def log_out(chat: Chat, _ada: Actor, _grace: Actor, mine: Identity) -> None:
    await chat.sign_in.log_out(mine)


async def end_the_session(chat: Chat, _ada: Actor, grace: Actor, mine: Identity) -> None:
    assert mine.session_digest
    await chat.sign_in.end_session(grace.person, mine.session_digest)


async def end_the_other_sessions(chat: Chat, _ada: Actor, grace: Actor, _mine: Identity) -> None:
    await chat.sign_in.end_other_sessions(await another_session(chat, grace))


async def change_the_password(chat: Chat, _ada: Actor, grace: Actor, _mine: Identity) -> None:
    keep = await another_session(chat, grace)
    await chat.accounts.change_password(grace.person, current=PASSWORD, new="another horse battery", keep=keep)


async def disable_the_account(chat: Chat, ada: Actor, _grace: Actor, _mine: Identity) -> None:
    await chat.accounts.set_disabled(ada.person, "grace", True)


async def revoke_the_token(chat: Chat, _ada: Actor, grace: Actor, _mine: Identity) -> None:
    for token in await chat.sign_in.tokens(grace.person):
        await chat.sign_in.revoke_token(grace.person, token.id)


async def another_session(chat: Chat, actor: Actor) -> Identity:
    secret = await chat.sign_in.start_session(actor.person, remember=False, address="", user_agent="")
    identity = await chat.sign_in.by_session(secret)
    assert identity is not None
    return identity


def identity_of(chat: Chat, actor: Actor, *, by_session: bool) -> Identity:
    """The credential of an open socket."""
    found = [socket.identity for socket in chat.hub._people[actor.person.id]]
    return next(identity for identity in found if (identity.session_digest is not None) == by_session)


ENDS_SESSIONS: Final = [log_out, end_the_session, end_the_other_sessions, change_the_password, disable_the_account]
ENDS_TOKENS: Final = [revoke_the_token, disable_the_account]


@pytest.mark.parametrize("deed", ENDS_SESSIONS, ids=lambda deed: deed.__name__)
async def test_what_ends_a_session_closes_its_sockets(chat: Chat, ada: Actor, grace: Actor, deed: Deed) -> None:
    cookie = await grace.signs_in()
    ears = [await grace.connects(cookie=cookie) for _ in range(2)]
    for ear in ears:
        await ear.subscribes("general")
    other = await ada.listens_to()
    await deed(chat, ada, grace, identity_of(chat, grace, by_session=True))
    await ada.says("secret")
    for ear in ears:
        # Not one word of what was said afterwards.
        assert (await ear.ws.receive()).data == 4401
        assert ear.ws.close_code == 4401
    assert (await other.hears_messages(1))[0]["content"] == "secret"


@pytest.mark.parametrize("deed", ENDS_TOKENS, ids=lambda deed: deed.__name__)
@pytest.mark.parametrize("path", ["/ws", "/rooms/general/ws"])
async def test_what_ends_a_token_closes_its_sockets(
    chat: Chat, ada: Actor, grace: Actor, opens: Opens, deed: Deed, path: str
) -> None:
    raw = await opens(grace, path)
    await deed(chat, ada, grace, identity_of(chat, grace, by_session=False))
    await ada.says("secret")
    assert await raw.close_code() == 4401


@pytest.mark.parametrize("deed", [log_out, end_the_session, end_the_other_sessions], ids=lambda deed: deed.__name__)
async def test_other_credentials_go_on(chat: Chat, ada: Actor, grace: Actor, deed: Deed) -> None:
    cookie = await grace.signs_in()
    by_session, by_token = await grace.connects(cookie=cookie), await grace.listens_to()
    await deed(chat, ada, grace, identity_of(chat, grace, by_session=True))
    assert await by_session.close_code() == 4401
    await ada.says("hello")
    assert (await by_token.hears_messages(1))[0]["content"] == "hello"


async def test_a_password_changed_in_one_browser_keeps_that_browser(chat: Chat, ada: Actor, grace: Actor) -> None:
    here = await grace.connects(cookie=await grace.signs_in())
    keep = identity_of(chat, grace, by_session=True)
    there = await grace.connects(cookie=await grace.signs_in())
    await chat.accounts.change_password(grace.person, current=PASSWORD, new="another horse battery", keep=keep)
    assert await there.close_code() == 4401
    assert (await here.asks("ping"))["pong"]


async def test_a_logout_during_the_handshake_is_noticed(
    chat: Chat, grace: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    cookie = await grace.signs_in()
    by_session = chat.sign_in.by_session

    async def then_logs_out(secret: str) -> Any:
        identity = await by_session(secret)
        assert identity is not None
        await chat.sign_in.log_out(identity)
        return identity

    monkeypatch.setattr(chat.sign_in, "by_session", then_logs_out)
    ws = await grace.client.ws_connect("/ws", headers={"Cookie": f"session={cookie}"})
    assert (await ws.receive()).data == 4401


async def test_the_answer_to_a_command_under_way_is_silent_too(
    chat: Chat, ada: Actor, grace: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ada.says("secret")
    recent = chat.messages.recent

    async def meanwhile_disabled(*arguments: Any) -> Any:
        history = await recent(*arguments)
        await disable_the_account(chat, ada, grace, Identity(grace.person))
        return history

    monkeypatch.setattr(chat.messages, "recent", meanwhile_disabled)
    ear = await grace.connects()
    await ear.ws.send_json({"action": "getRecentMessages", "room": "general"})
    assert (await ear.ws.receive()).data == 4401


# Rooms


async def test_a_room_socket_ends_with_the_membership(given: Given, ada: Actor, grace: Actor, opens: Opens) -> None:
    await given.room("Designers", owner=ada, members=[grace])
    raw, other = await opens(grace, "/rooms/designers/ws"), await opens(ada, "/rooms/designers/ws")
    await ada.removes(grace, from_="designers")
    await ada.says("secret", in_="designers")
    assert (await raw.hears()).json["error"]["code"] == "not_found"
    assert await raw.close_code() == 1000
    assert (await other.hears()).json["messages"][0]["content"] == "secret"


async def test_a_removal_during_the_handshake_is_noticed(
    given: Given, ada: Actor, grace: Actor, opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    await given.room("Designers", owner=ada, members=[grace])
    room_for = ada.chat.access.room_for

    async def then_removed(*arguments: Any) -> Any:
        room = await room_for(*arguments)
        monkeypatch.undo()
        await ada.removes(grace, from_="designers")
        return room

    monkeypatch.setattr(ada.chat.access, "room_for", then_removed)
    raw = await opens(grace, "/rooms/designers/ws")
    await ada.says("secret", in_="designers")
    assert (await raw.hears()).json["error"]["code"] == "not_found"
    assert await raw.close_code() == 1000


# Our own faults


@pytest.mark.parametrize("path", ["/ws", "/rooms/general/ws"])
async def test_a_fault_of_ours_is_said_and_closes_with_1011(
    ada: Actor, grace: Actor, opens: Opens, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    raw, other = await opens(ada, path), await grace.connects()

    async def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patch:
        patch.setattr(ada.chat.messages, "post", broken)
        raw.says(action="sendMessage", room="general", content="hello", ref=1)
        error = (await raw.hears()).json["error"]
        assert (error["code"], error["status"]) == ("internal", 500)
        assert "bug" not in error["message"]
        assert await raw.close_code() == 1011
    assert (await other.says("still here"))["index"] == 1


async def test_a_fault_while_letting_in_closes_with_1011(
    ada: Actor, opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(ada.chat.messages, "newest", broken)
    raw = await opens(ada, "/rooms/general/ws")
    assert await raw.close_code() == 1011


# Nothing is left


async def test_a_socket_that_has_gone_leaves_nothing(
    app: web.Application, chat: Chat, ada: Actor, opens: Opens, knock: Knock
) -> None:
    ear, raw, room = await ada.listens_to(), await opens(ada), await opens(ada, "/rooms/general/ws")
    await ear.ws.close()
    raw.hangs_up()
    room.writer.transport.abort()
    # A place is given back by the request's end, which is a little later.
    await eventually(lambda: not app[GATEWAY]._open and not chat.limits.sockets.here)
    assert (len(chat.hub), chat.hub._rooms) == (0, {})
    assert chat.limits.sockets_from.here == {}
    assert (await knock("/ws", *upgrade())).status == 403
