"""Whatever is wrong with a credential: no socket, no answer to a call, no reason given, nothing written."""

from __future__ import annotations

import base64
import json
import sqlite3
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

import jwt
import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as effort
from hypothesis import strategies as st

from chatapp.domain.chat import Chat
from chatapp.settings import Settings
from chatapp.storage import secrets
from tests.gateway.conftest import Knock
from tests.support.cast import Actor
from tests.support.engine import ON_POSTGRES
from tests.support.postgres import databases
from tests.support.rounds import IS_LONG, rounds
from tests.support.time import SettableClock
from tests.support.wire import upgrade

SHARED: Final = "a secret that two programs share, long enough"
CARRIERS: Final = ("cookie", "query", "header")
REFUSED_SECONDS: Final = 0.005
PEM: Final = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n"
Forge = Callable[[dict[str, Any], str, str], str]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, shared_jwt_secret=SHARED, limits=False)


@contextmanager
def nothing_is_written(settings: Settings) -> Iterator[None]:
    """The engine itself counts the commits of others."""
    if ON_POSTGRES:
        before = databases().top(settings.database_url)
        yield
        assert databases().top(settings.database_url) == before
        return
    watcher = sqlite3.connect(settings.database_path)
    try:
        version = watcher.execute("PRAGMA data_version").fetchone()
        yield
        assert watcher.execute("PRAGMA data_version").fetchone() == version
    finally:
        watcher.close()


def request(carrier: str, credential: str) -> tuple[str, list[str | bytes]]:
    """Path and headers that carry it."""
    raw = credential.encode("utf-8", "surrogateescape").replace(b"\r", b"").replace(b"\n", b"")
    if carrier == "query":
        return f"/ws?token={quote(raw)}", [*upgrade()]
    name = b"Cookie: session=" if carrier == "cookie" else b"Authorization: Bearer "
    return "/ws", [*upgrade(), name + raw.replace(b"\x00", b"")]


async def faults(chat: Chat, ada: Actor, grace: Actor, clock: SettableClock) -> dict[str, str]:
    """Twelve credentials that are not good, two of which once were Grace's."""
    _, revoked = await chat.sign_in.create_token(grace.person, "revoked", None)
    (token, *_) = await chat.sign_in.tokens(grace.person)
    await chat.sign_in.revoke_token(grace.person, token.id)
    ended = await grace.signs_in()
    for session in await chat.sign_in.sessions(grace.person):
        await chat.sign_in.end_session(grace.person, session.digest)
    _, signed = await chat.sign_in.create_jwt(ada.person, days=1)
    good = await ada.signs_in()
    return {
        "missing": "",
        "blank": " ",
        "garbage": "garbage",
        "bytes that are no text": "\udcff\udcfe",
        "far too long": "x" * 7000,
        "quotes in quotes": "\"'\\\"'",
        "a revoked token": revoked,
        "an ended session": ended,
        "a token with a letter changed": ada.token[:-1] + ("a" if ada.token[-1] != "a" else "b"),
        "a session with a letter changed": good[:-9] + ("a" if good[-9] != "a" else "b") + good[-8:],
        "a JWT without its signature": signed.rpartition(".")[0] + ".",
        "a password": "correct horse battery",
    }


async def test_twelve_faults_in_three_carriers_open_nothing_and_write_nothing(
    knock: Knock, chat: Chat, ada: Actor, grace: Actor, clock: SettableClock, settings: Settings
) -> None:
    found = await faults(chat, ada, grace, clock)
    assert len(found) == 12
    bodies, took = set(), []
    with nothing_is_written(settings):
        for name, credential in found.items():
            for carrier in CARRIERS:
                path, headers = request(carrier, credential)
                began = time.perf_counter()
                answer = await knock(path, *headers)
                took.append(time.perf_counter() - began)
                assert answer.status == 403, (name, carrier)
                bodies.add(answer.body.replace(answer.problem["request_id"].encode(), b""))
    assert len(bodies) == 1
    assert len(took) == 36
    print(f"refused in {statistics.median(took) * 1000:.1f} ms, {max(took) * 1000:.1f} at most, connecting included")
    # What is promised is what a machine of its own takes.
    assert not IS_LONG or statistics.median(took) < REFUSED_SECONDS
    # With a good session beside it, the fault in the query or the header is passed over.
    cookie = f"Cookie: session={await ada.signs_in()}"
    for name, credential in found.items():
        for carrier in ("query", "header"):
            path, headers = request(carrier, credential)
            assert (await knock(path, *headers, cookie)).status == 101, (name, carrier)


def forged(header: object, payload: object, signature: bytes = b"x" * 32) -> str:
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (header, payload)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, signature))


def signed(**changes: Any) -> Forge:
    """Our own signature over other claims; a claim that is None is left out."""

    def forge(claims: dict[str, Any], key: str, kid: str) -> str:
        payload = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        return jwt.encode(payload, key, "HS256", headers={"kid": kid})

    return forge


FORGERIES: Final[dict[str, Forge]] = {
    "none": lambda claims, _key, kid: forged({"alg": "none", "kid": kid}, claims, b""),
    "None": lambda claims, _key, kid: forged({"alg": "NoNe", "kid": kid}, claims, b""),
    "no algorithm": lambda claims, _key, kid: forged({"kid": kid}, claims),
    "algorithm a list": lambda claims, _key, kid: forged({"alg": ["HS256"], "kid": kid}, claims),
    "RS256 by name": lambda claims, _key, kid: forged({"alg": "RS256", "kid": kid}, claims),
    "HS512": lambda claims, key, kid: jwt.encode(claims, key * 2, "HS512", headers={"kid": kid}),
    "another key": lambda claims, key, kid: jwt.encode(claims, key[::-1], "HS256", headers={"kid": kid}),
    "a PEM as kid": lambda claims, _key, _kid: forged({"alg": "HS256", "kid": PEM}, claims),
    "kid a path": lambda claims, key, _kid: jwt.encode(claims, key, "HS256", headers={"kid": "../../dev/null"}),
    "kid unknown": lambda claims, key, _kid: jwt.encode(claims, key, "HS256", headers={"kid": "0" * 16}),
    "kid a number": lambda claims, _key, _kid: forged({"alg": "HS256", "kid": 7}, claims),
    "kid a list": lambda claims, _key, kid: forged({"alg": "HS256", "kid": [kid]}, claims),
    "no kid": lambda claims, key, _kid: jwt.encode(claims, key, "HS256"),
    "crit": lambda claims, key, kid: jwt.encode(claims, key, "HS256", headers={"kid": kid, "crit": ["exp"]}),
    "a key of its own": lambda claims, _key, kid: forged({"alg": "HS256", "kid": kid, "jwk": {"k": "eA"}}, claims),
    "no exp": signed(exp=None),
    "exp far away": signed(exp=10**18),
    "exp true": signed(exp=True),
    "exp a float": signed(exp=1.5),
    "exp a string": signed(exp="tomorrow"),
    "expired": signed(exp=1_000_000_000),
    "not yet": signed(nbf=2**33),
    "issued tomorrow": signed(iat=1_790_000_000 + 86_400),
    "another audience": signed(aud="other"),
    "audiences": signed(aud=["chatapp", "other"]),
    "no audience": signed(aud=None),
    "another issuer": signed(iss="other"),
    "another person": signed(sub="2"),
    "sub a number": signed(sub=1),
    "jti an object": lambda claims, _key, kid: forged({"alg": "HS256", "kid": kid}, {**claims, "jti": {"$ne": ""}}),
    "jti of nobody": signed(jti="never issued"),
    # Longer ones do not fit into the line of a request: 400.
    "7 kB": signed(more="x" * 4800),
    "three dots": lambda claims, key, kid: signed()(claims, key, kid) + ".x",
    "payload a list": lambda claims, _key, kid: forged({"alg": "HS256", "kid": kid}, [claims]),
    "nested deeply": lambda _claims, _key, kid: forged({"alg": "HS256", "kid": kid}, b"[" * 2500),
    "shared: another key": lambda _claims, key, _kid: jwt.encode({"username": "ada"}, key, "HS256"),
    "shared: none": lambda _claims, _key, _kid: forged({"alg": "none"}, {"username": "ada"}, b""),
    "shared: expired": lambda _claims, _key, _kid: jwt.encode({"username": "ada", "exp": 1}, SHARED, "HS256"),
    "shared: a name of no one": lambda _claims, _key, _kid: jwt.encode({"username": 7}, SHARED, "HS256"),
}


async def test_no_forged_jwt_is_taken_at_any_door(
    knock: Knock, chat: Chat, ada: Actor, grace: Actor, settings: Settings
) -> None:
    _, good = await chat.sign_in.create_jwt(ada.person)
    claims = jwt.decode(good, options={"verify_signature": False})
    kid, key = next(iter(secrets.load(settings.data).jwt_keys.items()))
    assert (await knock(f"/ws?token={signed()(claims, key, kid)}")).status == 101
    assert len(FORGERIES) >= 30
    for name, forge in FORGERIES.items():
        token = forge(claims, key, kid)
        assert (await knock(f"/ws?token={token}")).status == 403, name
        answer = await ada.client.get("/api/v1/me", headers={"Authorization": f"Bearer {token}"})
        problem = await answer.json()
        assert (answer.status, problem["detail"]) == (401, "Please log in."), name


@effort(
    max_examples=rounds(60, 3000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.sampled_from(CARRIERS), st.binary(max_size=600))
@example("cookie", b'"\\"\\\\"')
@example("cookie", b"gAAAAA" + b"=" * 7000)
@example("header", b"\x00")
@example("query", b"chat_ticket_\xff")
@example("query", "\ud800".encode("utf-8", "surrogatepass"))
async def test_garbage_of_any_kind_is_forbidden(knock: Knock, ada: Actor, carrier: str, garbage: bytes) -> None:
    path, headers = request(carrier, garbage.decode("utf-8", "surrogateescape"))
    answer = await knock(path, *headers)
    # 400: what is no HTTP at all, such as a control character in a header.
    assert answer.status in {400, 403}
