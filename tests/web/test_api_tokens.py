"""Who one is over REST, and tokens for a name and a password."""

from __future__ import annotations

import json

from chatapp import __version__
from chatapp.domain.chat import Chat
from tests.support.cast import PASSWORD, Actor
from tests.web.browser import Browser
from tests.web.script import Script, problem


async def test_anybody_may_ask_what_this_is(stranger: Browser) -> None:
    answer = json.loads((await stranger.opens("/api/v1/server")).text)
    assert answer == {
        "name": "chatapp",
        "version": __version__,
        "protocol": 1,
        "limits": {"content": 8000, "frame": 65536},
    }


async def test_one_may_ask_who_one_is(ada_script: Script) -> None:
    me = await ada_script.gets("/api/v1/me")
    assert (me["username"], me["display_name"], me["is_admin"]) == ("ada", "Ada Okafor", True)
    assert "password" not in str(me)


async def test_a_name_and_a_password_give_a_token(stranger: Browser, ada: Actor, chat: Chat) -> None:
    body = {"username": "ada", "password": PASSWORD}
    made = await stranger.sends("POST", "/api/v1/tokens", json=body)
    assert made.status == 201
    token = json.loads(made.text)
    assert made.location == f"/api/v1/tokens/{token['id']}"
    assert made.headers["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in made.headers
    bearer = {"Authorization": f"Bearer {token['token']}"}
    assert (await stranger.opens("/api/v1/me", **bearer)).status == 200
    assert await chat.sign_in.sessions(ada.person) == []
    assert (await stranger.sends("DELETE", made.location, headers=bearer)).status == 204
    assert (await stranger.opens("/api/v1/me", **bearer)).status == 401


async def test_a_session_gives_a_token(adas: Browser) -> None:
    made = await adas.sends("POST", "/api/v1/tokens", headers={"Origin": adas.origin})
    assert made.status == 201
    assert json.loads(made.text)["kind"] == "jwt"


async def test_a_token_gives_none(stranger: Browser, ada: Actor, chat: Chat) -> None:
    """Whoever has got hold of one would be in after it was revoked."""
    _, jwt = await chat.sign_in.create_jwt(ada.person)
    for token in (ada.token, jwt):
        bearer = {"Authorization": f"Bearer {token}"}
        refused = await stranger.sends("POST", "/api/v1/tokens", headers=bearer)
        assert problem(refused) == (403, "forbidden")
        assert "Log in" in json.loads(refused.text)["detail"]
        csrf = (await stranger.opens("/settings/tokens", **bearer)).csrf()
        fields = {"csrf": csrf, "name": "another", "days": ""}
        page = await stranger.posts("/settings/tokens", fields, **bearer)
        assert (page.status, "chat_personal_" in page.text) == (403, False)
    assert [token.name for token in await chat.sign_in.tokens(ada.person)] == ["JWT", "tests"]


async def test_a_wrong_password_gives_none(stranger: Browser, ada: Actor) -> None:
    texts = set()
    for body in ({"username": "ada", "password": "wrong"}, {"username": "nobody", "password": "wrong"}):
        answer = await stranger.sends("POST", "/api/v1/tokens", json=body)
        assert problem(answer) == (401, "unauthenticated")
        texts.add(json.loads(answer.text)["detail"])
    assert len(texts) == 1
    refused = await stranger.sends("POST", "/api/v1/tokens")
    assert problem(refused) == (401, "unauthenticated")
    assert refused.headers["WWW-Authenticate"] == "Bearer"
