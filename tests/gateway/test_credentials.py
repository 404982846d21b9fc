"""Who is let in at the sockets: three credentials in their order, and one answer for all that is not one."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote

import jwt
import pytest
from aiohttp.test_utils import TestClient

from chatapp.core.sealing import Sealer
from chatapp.domain.chat import Chat
from chatapp.settings import Settings
from chatapp.web.session import PURPOSE
from tests.gateway.conftest import Knock
from tests.support.cast import PASSWORD, Actor
from tests.support.engine import behind_its_back
from tests.support.time import SettableClock
from tests.support.wire import RawSocket, upgrade

SHARED: Final = "a secret that two programs share, long enough"
BAD: Final = "chat_personal_" + "x" * 43
PATHS: Final = ["/ws", "/rooms/general/ws"]
Purse = dict[str, str]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, shared_jwt_secret=SHARED)


@pytest.fixture
async def purse(ada: Actor, grace: Actor, chat: Chat, clock: SettableClock) -> Purse:
    """Credentials by name; ``a session`` and so on are Ada's, ``another`` is Grace's."""
    _, own_jwt = await chat.sign_in.create_jwt(ada.person)
    return {
        "nothing": "",
        "a session": await ada.signs_in(),
        "a token": ada.token,
        "a JWT": own_jwt,
        "a shared JWT": jwt.encode({"username": "ada"}, SHARED, "HS256"),
        "another session": await grace.signs_in(),
        "another token": grace.token,
        "garbage": "garbage",
        "a bad token": BAD,
    }


@dataclass(frozen=True)
class Case:
    """Names of what is in the purse, for each of the three places; ``who`` comes in, nobody when empty."""

    cookie: str | None = None
    query: str | None = None
    header: str | None = None
    origin: str | None = None
    who: str = ""

    def __str__(self) -> str:
        parts = {"cookie": self.cookie, "query": self.query, "header": self.header, "origin": self.origin}
        return ", ".join(f"{name}: {value}" for name, value in parts.items() if value) or "nothing at all"


CASES: Final = [
    Case(),
    # One alone.
    Case(cookie="a session", who="ada"),
    Case(query="a token", who="ada"),
    Case(query="a JWT", who="ada"),
    Case(query="a shared JWT", who="ada"),
    Case(header="a token", who="ada"),
    Case(header="a JWT", who="ada"),
    Case(header="a shared JWT", who="ada"),
    Case(cookie="garbage"),
    Case(query="garbage"),
    Case(header="garbage"),
    # Each in its place only.
    Case(cookie="a token"),
    Case(query="a session"),
    Case(header="a session"),
    # The order, and never a mix.
    Case(cookie="a session", query="another token", who="ada"),
    Case(cookie="a session", header="another token", who="ada"),
    Case(cookie="another session", query="a token", header="a token", who="grace"),
    Case(query="a token", header="another token", who="ada"),
    # Empty counts as missing, a bad one falls through.
    Case(cookie="nothing", query="a token", who="ada"),
    Case(cookie="garbage", query="a token", who="ada"),
    Case(cookie="garbage", query="a bad token", header="a token", who="ada"),
    Case(query="nothing", header="a token", who="ada"),
    Case(query="garbage", header="another token", who="grace"),
    Case(query="a token", header="nothing", who="ada"),
    Case(query="a token", header="garbage", who="ada"),
    Case(cookie="nothing", query="nothing", header="nothing"),
    Case(cookie="garbage", query="a bad token", header="garbage"),
    # The origin matters to the cookie, and to nothing else.
    Case(cookie="a session", origin="own", who="ada"),
    Case(cookie="a session", origin="https://evil.example"),
    Case(cookie="a session", origin="null"),
    Case(cookie="a session", origin="other port"),
    Case(cookie="a session", origin="https own"),
    Case(cookie="a session", origin="own with more"),
    Case(cookie="a session", origin="own in front"),
    Case(cookie="a session", origin="own twice"),
    Case(cookie="a session", origin="own and evil"),
    Case(cookie="a session", query="another token", origin="https://evil.example", who="grace"),
    Case(cookie="a session", header="another token", origin="null", who="grace"),
    Case(query="a token", origin="https://evil.example", who="ada"),
    Case(header="a token", origin="https://evil.example", who="ada"),
]


def origins(name: str, host: str) -> list[str]:
    """Headers that say so."""
    own, evil = f"http://{host}", "https://evil.example"
    named = {
        "own": [own],
        "other port": [own + "1"],
        "https own": [f"https://{host}"],
        "own with more": [f"{own}.evil.example"],
        "own in front": [f"https://{host}@evil.example"],
        "own twice": [own, own],
        "own and evil": [own, evil],
    }
    return [f"Origin: {value}" for value in named.get(name, [name])]


def request(case: Case, purse: Purse, path: str, host: str) -> tuple[str, list[str]]:
    headers = []
    if case.cookie:
        headers.append(f"Cookie: session={purse[case.cookie]}")
    if case.header:
        headers.append(f"Authorization: Bearer {purse[case.header]}")
    if case.origin:
        headers += origins(case.origin, host)
    return path + (f"?token={quote(purse[case.query])}" if case.query else ""), headers


async def test_the_first_good_credential_says_who_it_is(
    purse: Purse, knock: Knock, client: TestClient[Any, Any], subtests: pytest.Subtests
) -> None:
    for case in CASES:
        with subtests.test(str(case)):
            for path in PATHS:
                target, headers = request(case, purse, path, f"{client.host}:{client.port}")
                if not case.who:
                    assert (await knock(target, *upgrade(), *headers)).status == 403
                else:
                    raw = await RawSocket.opens(client, target, *headers)
                    assert await name_of(raw, path) == case.who
                    raw.hangs_up()


async def name_of(raw: RawSocket, path: str) -> str:
    """Whom the server takes the other end for."""
    if path != "/ws":
        raw.says(action="sendMessage", content="me")
    told = (await raw.hears()).json
    return str(told["user"]["username"] if path == "/ws" else told["messages"][0]["username"])


async def test_the_scheme_is_bearer_in_any_case(knock: Knock, ada: Actor, subtests: pytest.Subtests) -> None:
    token = ada.token
    expected = {f"{scheme} {token} ": 101 for scheme in ("Bearer", "bearer", "BEARER", "Bearer  ")}
    expected |= dict.fromkeys(["Basic YWRhOmFkYQ==", token, f"Token {token}", "Bearer", f"Bearer{token}"], 403)
    for value, status in expected.items():
        with subtests.test(value.replace(token, "…")):
            assert (await knock("/ws", *upgrade(), f"Authorization: {value}")).status == status


async def test_of_two_tokens_in_the_query_the_first_counts(knock: Knock, ada: Actor) -> None:
    assert (await knock(f"/ws?token={ada.token}&token={BAD}")).status == 101
    assert (await knock(f"/ws?token={BAD}&token={ada.token}")).status == 403
    assert (await knock(f"/ws?token=&token={ada.token}")).status == 403


# What is no longer a credential


@dataclass
class Scene:
    """Grace, what she holds, and Ada, who administers."""

    chat: Chat
    ada: Actor
    grace: Actor
    clock: SettableClock

    async def session_ends(self) -> None:
        for session in await self.chat.sign_in.sessions(self.grace.person):
            await self.chat.sign_in.end_session(self.grace.person, session.digest)

    async def token_revoked(self) -> None:
        for token in await self.chat.sign_in.tokens(self.grace.person):
            await self.chat.sign_in.revoke_token(self.grace.person, token.id)

    async def account_disabled(self) -> None:
        await self.chat.accounts.set_disabled(self.ada.person, "grace", True)

    async def password_changed_elsewhere(self) -> None:
        sign_in, grace = self.chat.sign_in, self.grace.person
        secret = await sign_in.start_session(grace, remember=False, address="", user_agent="")
        keep = await sign_in.by_session(secret)
        assert keep is not None
        await self.chat.accounts.change_password(grace, current=PASSWORD, new="another horse battery", keep=keep)

    async def a_year_passes(self) -> None:
        self.clock.passes(days=366)


@pytest.mark.parametrize("what", ["session_ends", "account_disabled", "password_changed_elsewhere", "a_year_passes"])
async def test_a_session_that_has_ended_opens_nothing(
    knock: Knock, chat: Chat, ada: Actor, grace: Actor, clock: SettableClock, what: str
) -> None:
    scene, cookie = Scene(chat, ada, grace, clock), await grace.signs_in()
    assert (await knock("/ws", *upgrade(), f"Cookie: session={cookie}")).status == 101
    await getattr(scene, what)()
    assert (await knock("/ws", *upgrade(), f"Cookie: session={cookie}")).status == 403


@pytest.mark.parametrize("kind", ["personal", "JWT"])
@pytest.mark.parametrize("what", ["token_revoked", "account_disabled", "a_year_passes"])
async def test_a_token_that_has_ended_opens_nothing(
    knock: Knock, chat: Chat, ada: Actor, grace: Actor, clock: SettableClock, what: str, kind: str
) -> None:
    scene = Scene(chat, ada, grace, clock)
    make = chat.sign_in.create_jwt(grace.person) if kind == "JWT" else chat.sign_in.create_token(grace.person, "t", 30)
    _, token = await make
    assert (await knock(f"/ws?token={token}")).status == 101
    await getattr(scene, what)()
    assert (await knock(f"/ws?token={token}")).status == 403


async def test_a_shared_jwt_of_a_disabled_account_opens_nothing(
    knock: Knock, chat: Chat, ada: Actor, grace: Actor
) -> None:
    token = jwt.encode({"username": "grace"}, SHARED, "HS256")
    assert (await knock(f"/ws?token={token}")).status == 101
    await chat.accounts.set_disabled(ada.person, "grace", True)
    assert (await knock(f"/ws?token={token}")).status == 403


FORGERIES: Final[dict[str, Callable[[Actor], str]]] = {
    "another key": lambda _: jwt.encode({"username": "ada"}, "another secret that is long enough as well", "HS256"),
    "no signature": lambda _: jwt.encode({"username": "ada"}, "", "none"),
    "signature cut off": lambda _: jwt.encode({"username": "ada"}, SHARED, "HS256").rpartition(".")[0] + ".",
    "another algorithm": lambda _: jwt.encode({"username": "ada"}, SHARED + SHARED, "HS512"),
    "expired": lambda _: jwt.encode({"username": "ada", "exp": 1}, SHARED, "HS256"),
    "not yet": lambda _: jwt.encode({"username": "ada", "nbf": 2**33}, SHARED, "HS256"),
    "nobody": lambda _: jwt.encode({"username": "nobody"}, SHARED, "HS256"),
    "no name": lambda _: jwt.encode({"exp": 2**33}, SHARED, "HS256"),
    "a name that is no string": lambda _: jwt.encode({"username": {"a": 1}}, SHARED, "HS256"),
    "one letter changed": lambda ada: ada.token[:-1] + ("a" if ada.token[-1] != "a" else "b"),
    "one letter more": lambda ada: ada.token + "a",
    "upper case": lambda ada: ada.token.upper(),
    "a space": lambda _: " ",
    "7 kB": lambda _: "x" * 7000,
    "NUL": lambda ada: ada.token + "\x00",
    "another script": lambda _: "токен",
    "the kind alone": lambda _: "chat_personal_",
}


async def test_what_was_forged_opens_nothing_and_is_not_told_apart(
    knock: Knock, ada: Actor, subtests: pytest.Subtests
) -> None:
    answers = []
    for name, forge in FORGERIES.items():
        with subtests.test(name):
            answers.append(await knock(f"/ws?token={quote(forge(ada))}"))
            assert answers[-1].status == 403
    answers.append(await knock("/ws"))
    assert len({answer.body.replace(answer.problem["request_id"].encode(), b"") for answer in answers}) == 1


async def test_a_cookie_sealed_by_somebody_else_opens_nothing(knock: Knock, ada: Actor) -> None:
    theirs = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
    stolen = Sealer(PURPOSE, [theirs]).seal(b'{"secret": "x"}')
    assert (await knock("/ws", *upgrade(), f"Cookie: session={stolen}")).status == 403
    assert (await knock("/ws", *upgrade(), b"Cookie: session=\xff\xfe")).status == 403


async def test_an_unconfirmed_account_opens_nothing(knock: Knock, ada: Actor, grace: Actor, settings: Settings) -> None:
    with behind_its_back(settings.database_path) as connection:
        connection.execute("UPDATE people SET is_verified = NOT is_verified WHERE username = 'grace'")
    for path in PATHS:
        assert (await knock(path, *upgrade(), f"Authorization: Bearer {grace.token}")).status == 403
        assert (await knock(path, *upgrade(), f"Authorization: Bearer {ada.token}")).status == 101
