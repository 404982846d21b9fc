"""Requests that another site, another session or another time has made: each refused, and nothing changed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from aiohttp import FormData, web
from aiohttp.test_utils import TestClient

from chatapp.domain.chat import Chat
from chatapp.settings import Settings
from tests.support.cast import PASSWORD, Actor
from tests.support.house import until
from tests.web.browser import Browser, browser
from tests.web.router import safe_routes, unsafe_routes
from tests.web.snapshot import snapshot

FORM = "application/x-www-form-urlencoded"
# Good values for every form, so that only the forgery can be what is refused.
FIELDS = {
    "code": "x",
    "content": "forged",
    "current": PASSWORD,
    "density": "compact",
    "digest": "0" * 64,
    "display_name": "Forged",
    "email": "mallory@example.org",
    "hour_cycle": "h12",
    "index": "1",
    "name": "forged",
    "new": "another long sentence",
    "password": "another long sentence",
    "theme": "dark",
    "username": "grace",
}


class Tokens(NamedTuple):
    """What a forger may have got hold of."""

    own: str
    of_before_login: str
    of_another: str
    of_an_ended_session: str


class Forgery(NamedTuple):
    """How one request differs from that of our own page."""

    token: Callable[[Tokens], str | None] = lambda tokens: tokens.own
    headers: dict[str, str | None] = {}  # noqa: RUF012 - never changed
    kind: str = FORM
    times: int = 1
    in_query: bool = False

    async def sent(self, visitor: Browser, method: str, path: str, tokens: Tokens) -> int:
        token = self.token(tokens)
        carried = [("csrf", token)] * self.times if token is not None and not self.in_query else []
        query = f"?csrf={token}&_method={method}" if self.in_query else ""
        headers = {"Origin": visitor.origin, "Accept": "text/html", **self.headers}
        known = {name: value for name, value in headers.items() if value is not None}
        body, kind = self._body([*FIELDS.items(), *carried])
        answer = await visitor.sends(method, path + query, data=body, headers={**known, **kind})
        return answer.status

    def _body(self, fields: list[tuple[str, str]]) -> tuple[Any, dict[str, str]]:
        if self.kind == FORM:
            return FormData(fields), {}
        if self.kind == "multipart/form-data":
            form = FormData(default_to_multipart=True)
            for name, value in fields:
                form.add_field(name, value)
            return form, {}
        return json.dumps(dict(fields)).encode(), {"Content-Type": self.kind}


FOREIGN = {
    "another site": Forgery(headers={"Origin": "https://evil.example"}),
    "another site, in parts": Forgery(headers={"Origin": "https://evil.example"}, kind="multipart/form-data"),
    "another site, as text": Forgery(headers={"Origin": "https://evil.example"}, kind="text/plain"),
    "another site, as JSON": Forgery(headers={"Origin": "https://evil.example"}, kind="application/json"),
    "a sandboxed frame": Forgery(headers={"Origin": "null"}),
    "no word of where": Forgery(headers={"Origin": None}),
    "cross-site": Forgery(headers={"Origin": None, "Sec-Fetch-Site": "cross-site"}),
    "same-site only": Forgery(headers={"Origin": None, "Sec-Fetch-Site": "same-site"}),
    "null and cross-site": Forgery(headers={"Origin": "null", "Sec-Fetch-Site": "cross-site"}),
    "a token of nobody": Forgery(headers={"Origin": "https://evil.example", "Authorization": "Bearer garbage"}),
}
TOKENLESS = {
    "no token": Forgery(lambda tokens: None),
    "an empty token": Forgery(lambda tokens: ""),
    "garbage": Forgery(lambda tokens: "A" * 88),
    "of another session": Forgery(lambda tokens: tokens.of_another),
    "of before login": Forgery(lambda tokens: tokens.of_before_login),
    "of an ended session": Forgery(lambda tokens: tokens.of_an_ended_session),
    "twice": Forgery(times=2),
    "in the query": Forgery(in_query=True),
    "as text": Forgery(kind="text/plain"),
    "as JSON": Forgery(kind="application/json"),
    "behind a token of nobody": Forgery(lambda tokens: None, {"Authorization": "Bearer garbage"}),
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, registration="open")


@pytest.fixture
async def tokens(client: TestClient[Any, Any], adas: Browser, graces: Browser, ada: Actor) -> Tokens:
    async with browser(client) as opened:
        before = (await opened.opens("/login")).csrf()
        await opened.signs_in("ada")
        after = (await opened.opens("/rooms/new")).csrf()
        await opened.submits("/logout", on="/settings/profile")
    return Tokens((await adas.opens("/rooms/new")).csrf(), before, (await graces.opens("/rooms/new")).csrf(), after)


@pytest.fixture
async def furnished(ada: Actor, grace: Actor, chat: Chat) -> None:
    """Something for every route to harm."""
    await ada.says("hello")
    await chat.invites.create(ada.person)


@pytest.mark.usefixtures("furnished")
@pytest.mark.parametrize("name", FOREIGN)
async def test_no_route_takes_what_another_site_sends(
    adas: Browser, app: web.Application, settings: Settings, tokens: Tokens, name: str
) -> None:
    before = snapshot(settings.database_path)
    for method, path in unsafe_routes(app):
        assert await FOREIGN[name].sent(adas, method, path, tokens) == 403, (method, path)
    assert snapshot(settings.database_path) == before
    assert (await adas.opens("/rooms")).status == 200


@pytest.mark.usefixtures("furnished")
@pytest.mark.parametrize("name", TOKENLESS)
async def test_no_form_is_taken_without_the_token_of_its_session(
    adas: Browser, app: web.Application, settings: Settings, tokens: Tokens, name: str
) -> None:
    before = snapshot(settings.database_path)
    forms = [(method, path) for method, path in unsafe_routes(app) if not path.startswith("/api/")]
    assert len(forms) > 20
    for method, path in forms:
        assert await TOKENLESS[name].sent(adas, method, path, tokens) in {403, 415}, (method, path)
    assert snapshot(settings.database_path) == before
    assert (await adas.opens("/rooms")).status == 200


async def test_the_same_request_from_our_own_page_is_taken(adas: Browser, settings: Settings, tokens: Tokens) -> None:
    before = snapshot(settings.database_path)
    assert await Forgery().sent(adas, "POST", "/rooms", tokens) == 303
    assert snapshot(settings.database_path) != before


@pytest.fixture
async def links(chat: Chat, settings: Settings, ada: Actor, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Those of mails and of an invite: good for one use, which a look must not be."""
    _, code = await chat.invites.create(ada.person)
    await chat.accounts.register(username="lin", email="lin@example.org", password=PASSWORD)
    await chat.links.request_reset("ada@example.org")
    printed: list[str] = []

    def found() -> list[str]:
        printed.append(capsys.readouterr().out)
        return re.findall(r"/(?:verify|reset)/[A-Za-z0-9_-]{20,}", "".join(printed))

    await until(lambda: len(found()) == 2 and not snapshot(settings.database_path)["outbox"])
    return [*found(), f"/join/{code}"]


@pytest.mark.usefixtures("furnished")
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
async def test_looking_changes_nothing(
    adas: Browser, app: web.Application, settings: Settings, links: list[str], method: str
) -> None:
    before = snapshot(settings.database_path)
    for path in [*safe_routes(app), *links]:
        for disguise in (
            {},
            {"X-HTTP-Method-Override": "POST"},
            {"X-HTTP-Method": "DELETE", "X-Method-Override": "PUT"},
        ):
            answer = await adas.sends(method, path + "?_method=DELETE&content=x&name=x", headers=disguise)
            assert answer.status < 500, path
            assert path not in links or answer.status == (405 if method == "OPTIONS" else 200), path
    assert snapshot(settings.database_path) == before
