"""A right that ends while an answer is being looked up: between the question whether one may and the reading itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from chatapp.core.models import Identity
from chatapp.storage import memberships
from tests.support.cast import PASSWORD, Actor, Given
from tests.web.browser import Browser

ROOM: Final = "designers"
API: Final = f"/api/v1/rooms/{ROOM}"
Meanwhile = Callable[[], Awaitable[Any]]


class Interposed:
    """Does something once, right before a reading that it is put in front of."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        self.is_done = False

    def before(self, owner: object, name: str, meanwhile: Meanwhile) -> None:
        read = getattr(owner, name)

        async def reads(*arguments: Any, **named: Any) -> Any:
            if not self.is_done:
                self.is_done = True
                await meanwhile()
            return await read(*arguments, **named)

        self._patch.setattr(owner, name, reads)


@pytest.fixture
def interposed(monkeypatch: pytest.MonkeyPatch) -> Interposed:
    return Interposed(monkeypatch)


@pytest.fixture
async def kicked(given: Given, ada: Actor, grace: Actor) -> Meanwhile:
    """Grace is removed, and then something is said."""
    await given.room("Designers", owner=ada, members=[grace])
    await ada.says("before", in_=ROOM)

    async def kick() -> None:
        await ada.removes(grace, from_=ROOM)
        await ada.says("secret", in_=ROOM)

    return kick


async def asks(actor: Actor, path: str) -> tuple[int, str]:
    async with actor.client.get(path, headers=actor.bearer) as answer:
        return answer.status, await answer.text()


@pytest.mark.parametrize(
    ("reading", "path"),
    [
        ("recent", f"{API}/messages"),
        ("before", f"{API}/messages?before=99"),
        ("after", f"{API}/messages?after=0"),
        ("after", f"{API}/messages?around=1"),
        ("one", f"{API}/messages/2"),
        ("changes", f"{API}/changes?after=0"),
        ("recent", f"/rooms/{ROOM}"),
    ],
)
async def test_who_is_removed_while_reading_does_not_get_what_was_said_after(
    interposed: Interposed, kicked: Meanwhile, ada: Actor, grace: Actor, reading: str, path: str
) -> None:
    interposed.before(ada.chat.messages._log, reading, kicked)
    status, text = await asks(grace, path)
    assert interposed.is_done
    assert (status, "secret" in text) == (404, False)


@pytest.mark.parametrize("where", [{"limit": 5}, {"after": 0}])
async def test_who_is_removed_while_subscribing_hears_nothing(
    interposed: Interposed, kicked: Meanwhile, ada: Actor, grace: Actor, where: dict[str, int]
) -> None:
    ear = await grace.connects()
    interposed.before(ada.chat.messages._log, "recent" if "limit" in where else "changes", kicked)
    answer = await ear.asks("subscribe", room=ROOM, **where)
    assert interposed.is_done
    assert answer["error"]["code"] == "not_found"
    await ada.says("more", in_=ROOM)
    assert (await ear.asks("ping"))["ok"]
    assert [frame["event"] for frame in ear._news] == ["roomRemoved"]


async def test_who_is_removed_before_the_members_are_read_does_not_learn_who_came_after(
    interposed: Interposed, kicked: Meanwhile, grace: Actor
) -> None:
    interposed.before(memberships, "members", kicked)
    status, _ = await asks(grace, f"{API}/members")
    assert (interposed.is_done, status) == (True, 404)


@pytest.mark.parametrize("how", ["session", "token", "disabled"])
async def test_who_is_signed_out_while_reading_gets_nothing(
    interposed: Interposed, ada: Actor, grace: Actor, how: str
) -> None:
    cookie, sign_in = await grace.signs_in(), ada.chat.sign_in
    headers = {"Cookie": f"session={cookie}"} if how == "session" else grace.bearer

    async def ends() -> None:
        if how == "session":
            (session,) = await sign_in.sessions(grace.person)
            await sign_in.log_out(Identity(grace.person, session_digest=session.digest))
        elif how == "token":
            (token,) = await sign_in.tokens(grace.person)
            await sign_in.revoke_token(grace.person, token.id)
        else:
            await ada.chat.accounts.set_disabled(ada.person, "grace", True)
        await ada.says("secret")

    interposed.before(ada.chat.messages._log, "recent", ends)
    async with grace.client.get("/api/v1/rooms/general/messages", headers=headers) as answer:
        text = await answer.text()
    assert interposed.is_done
    assert "secret" not in text
    assert answer.status == (404 if how == "disabled" else 401)


async def changes_password(ada: Actor, grace: Actor) -> None:
    keep = Identity(grace.person)
    await ada.chat.accounts.change_password(grace.person, current=PASSWORD, new="another horse battery", keep=keep)


async def test_a_password_that_is_changed_while_it_is_checked_makes_no_token(
    interposed: Interposed, ada: Actor, grace: Actor
) -> None:
    sign_in = ada.chat.sign_in
    interposed.before(sign_in, "create_jwt", lambda: changes_password(ada, grace))
    body = {"username": "grace", "password": PASSWORD}
    async with grace.client.post("/api/v1/tokens", json=body) as answer:
        assert (answer.status, (await answer.json())["code"]) == (409, "conflict")
    assert interposed.is_done
    assert [token.kind for token in await sign_in.tokens(grace.person)] == ["personal"]


@pytest.mark.parametrize("door", ["create_jwt", "create_token"])
async def test_a_session_that_ends_meanwhile_makes_no_token(
    interposed: Interposed, graces: Browser, ada: Actor, grace: Actor, door: str
) -> None:
    csrf = (await graces.opens("/settings/tokens")).csrf()
    interposed.before(ada.chat.sign_in, door, lambda: changes_password(ada, grace))
    if door == "create_jwt":
        answer = await graces.sends("POST", "/api/v1/tokens", headers={"Origin": graces.origin})
    else:
        answer = await graces.posts("/settings/tokens", {"csrf": csrf, "name": "cron", "days": "30"})
    assert interposed.is_done
    assert (answer.status, "chat_personal_" in answer.text) == (401 if door == "create_jwt" else 303, False)
    assert [token.name for token in await ada.chat.sign_in.tokens(grace.person)] == ["tests"]


async def test_what_somebody_else_loses_meanwhile_is_nobody_elses_loss(
    interposed: Interposed, ada: Actor, grace: Actor
) -> None:
    async def others_end() -> None:
        await ada.chat.accounts.set_disabled(ada.person, "grace", True)
        await ada.says("for all")

    interposed.before(ada.chat.messages._log, "recent", others_end)
    status, text = await asks(ada, "/api/v1/rooms/general/messages")
    assert (status, "for all" in text) == (200, True)
