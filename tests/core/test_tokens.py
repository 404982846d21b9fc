"""Secrets that stand for a person, and forgeries that stand for nobody."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatapp.core import tokens
from chatapp.core.tokens import Claims, Named

NOW = 1_790_000_000
KEYS = {"new": "n" * 43, "old": "o" * 43}
SHARED = "s" * 32
CLAIMS = Claims("7", "ada", NOW, NOW + 3600, "id")
PAYLOAD: dict[str, Any] = {
    "iss": tokens.ISSUER,
    "aud": tokens.AUDIENCE,
    "sub": "7",
    "username": "ada",
    "iat": NOW,
    "exp": NOW + 3600,
    "jti": "id",
}
PEM = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----\n"


def forged(header: object, payload: object, signature: bytes = b"x" * 32) -> str:
    parts = [json.dumps(part).encode() if not isinstance(part, bytes) else part for part in (header, payload)]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (*parts, signature))


def signed(payload: dict[str, Any], *, key: str = KEYS["new"], algorithm: str = "HS256", kid: Any = "new") -> str:
    # Not by jwt.encode, which refuses some of what a forger would sign.
    return jwt.PyJWS().encode(json.dumps(payload).encode(), key, algorithm=algorithm, headers={"kid": kid})


def without(name: str) -> dict[str, Any]:
    return {key: value for key, value in PAYLOAD.items() if key != name}


def test_a_token_of_ours_is_read() -> None:
    assert tokens.read_own(tokens.sign(CLAIMS, KEYS), KEYS, NOW) == CLAIMS


def test_an_older_key_is_still_read_and_a_removed_one_not() -> None:
    token = tokens.sign(CLAIMS, {"old": KEYS["old"]})
    assert tokens.read_own(token, KEYS, NOW) == CLAIMS
    assert tokens.read_own(token, {"new": KEYS["new"]}, NOW) is None


def test_a_token_ends_when_it_says_so() -> None:
    token = tokens.sign(CLAIMS, KEYS)
    assert tokens.read_own(token, KEYS, NOW + 3600 + tokens.LEEWAY - 1)
    assert tokens.read_own(token, KEYS, NOW + 3600 + tokens.LEEWAY) is None


def test_a_token_from_the_future_is_nobodys() -> None:
    assert tokens.read_own(tokens.sign(CLAIMS, KEYS), KEYS, NOW - 3600) is None


FORGERIES = {
    "algorithm none": forged({"alg": "none", "kid": "new"}, PAYLOAD, b""),
    "algorithm None in capitals": forged({"alg": "NONE", "kid": "new"}, PAYLOAD, b""),
    "no algorithm": forged({"kid": "new"}, PAYLOAD),
    "algorithm is a list": forged({"alg": ["HS256"], "kid": "new"}, PAYLOAD),
    "another algorithm, our key": signed(PAYLOAD, key=KEYS["new"] * 2, algorithm="HS512"),
    "RS256 by name": forged({"alg": "RS256", "kid": "new"}, PAYLOAD),
    "another key under our kid": signed(PAYLOAD, key="x" * 43),
    "the other of our keys": signed(PAYLOAD, key=KEYS["old"]),
    "no kid": jwt.encode(PAYLOAD, KEYS["new"], algorithm="HS256"),
    "kid is a path": signed(PAYLOAD, kid="../../../../dev/null"),
    "kid is SQL": signed(PAYLOAD, kid="x' UNION SELECT 'a"),
    "kid is a list": forged({"alg": "HS256", "kid": ["new"]}, PAYLOAD),
    "kid is an object": forged({"alg": "HS256", "kid": {"new": 1}}, PAYLOAD),
    "key in the header": forged({"alg": "HS256", "kid": "new", "jwk": {"kty": "oct", "k": "eHg"}}, PAYLOAD),
    "unknown crit": jwt.encode(PAYLOAD, KEYS["new"], headers={"kid": "new", "crit": ["exp"]}),
    "a public key as secret": forged({"alg": "HS256", "kid": PEM}, PAYLOAD),
    "no exp": signed(without("exp")),
    "no iat": signed(without("iat")),
    "no sub": signed(without("sub")),
    "no jti": signed(without("jti")),
    "no aud": signed(without("aud")),
    "no iss": signed(without("iss")),
    "no username": signed(without("username")),
    "exp at the end of time": signed({**PAYLOAD, "exp": 10**18}),
    "exp true": signed({**PAYLOAD, "exp": True}),
    "exp NaN": signed({**PAYLOAD, "exp": float("nan")}),
    "exp infinite": signed({**PAYLOAD, "exp": float("inf")}),
    "exp a string": signed({**PAYLOAD, "exp": "tomorrow"}),
    "exp of 5,000 digits": forged({"alg": "HS256", "kid": "new"}, b'{"exp":' + b"9" * 2000 + b"}"),
    "exp before iat": signed({**PAYLOAD, "iat": NOW, "exp": NOW - 1}),
    "begins tomorrow": signed({**PAYLOAD, "nbf": NOW + 86_400}),
    "nbf a list": signed({**PAYLOAD, "nbf": [0]}),
    "another audience": signed({**PAYLOAD, "aud": "other"}),
    "our audience in a list": signed({**PAYLOAD, "aud": [tokens.AUDIENCE, "other"]}),
    "another issuer": signed({**PAYLOAD, "iss": "other"}),
    "jti an object": forged({"alg": "HS256", "kid": "new"}, {**PAYLOAD, "jti": {"$ne": ""}}),
    "payload a list": forged({"alg": "HS256", "kid": "new"}, [PAYLOAD]),
    "payload not JSON": forged({"alg": "HS256", "kid": "new"}, b"\xff\xfe"),
    "deeply nested": forged({"alg": "HS256", "kid": "new"}, b"[" * 2500),
    "header deeply nested": forged(b"[" * 2500, PAYLOAD),
    "header a number": forged(7, PAYLOAD),
    "9 kB": signed({**PAYLOAD, "more": "x" * 9000}),
    "only dots": "." * 200,
    "two parts": "a.b",
    "four parts": tokens.sign(CLAIMS, KEYS) + ".x",
    "without its signature": tokens.sign(CLAIMS, KEYS).rpartition(".")[0] + ".",
    "not ASCII": "é.é.é",
    "lone surrogate": "\ud800.\ud800.\ud800",
    "NUL": "\x00.\x00.\x00",
    "empty": "",
}


@pytest.mark.parametrize("token", FORGERIES.values(), ids=FORGERIES)
def test_a_forgery_is_nobodys(token: str) -> None:
    assert tokens.read_own(token, KEYS, NOW) is None


def test_the_forgeries_differ_from_a_good_token_only_in_their_fault() -> None:
    assert tokens.read_own(signed(PAYLOAD), KEYS, NOW) == CLAIMS


def test_a_changed_letter_makes_it_nobodys() -> None:
    header, payload, signature = tokens.sign(CLAIMS, KEYS).split(".")
    swapped = ("B" if payload[10] == "A" else "A").join((payload[:10], payload[11:]))
    assert tokens.read_own(f"{header}.{swapped}.{signature}", KEYS, NOW) is None


@settings(deadline=None)
@given(st.text() | st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")))
@example("chat_personal_")
@example("eyJhbGciOiJub25lIn0.e30.")
def test_garbage_never_raises(garbage: str) -> None:
    assert tokens.read_own(garbage, KEYS, NOW) is None
    assert tokens.read_shared(garbage, SHARED, NOW) is None
    assert len(tokens.digest(garbage)) == 64


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=8), st.none() | st.booleans() | st.floats() | st.text(max_size=8)))
@example({"iss": None})
def test_claims_of_any_kind_never_raise(claims: dict[str, Any]) -> None:
    assert tokens.read_own(signed({"iss": tokens.ISSUER, "aud": tokens.AUDIENCE, **claims}), KEYS, NOW) is None


def shared(payload: dict[str, Any], secret: str = SHARED) -> str:
    return jwt.encode(payload, secret, algorithm="HS256")


@pytest.mark.parametrize(
    "payload",
    [
        {"username": "ada"},
        {"sub": "ada"},
        {"username": "ada", "sub": 7},
        {"username": "ada", "exp": NOW + 1, "nbf": NOW},
    ],
)
def test_another_program_with_the_secret_names_a_person(payload: dict[str, Any]) -> None:
    named = tokens.read_shared(shared(payload), SHARED, NOW)
    expires_at = (payload["exp"] + tokens.LEEWAY) * 1000 if "exp" in payload else None
    assert named == Named("ada", expires_at)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"username": 7},
        {"username": None, "sub": "ada"},
        {"username": {"$ne": ""}},
        {"username": "ada", "exp": NOW - 60},
        {"username": "ada", "nbf": NOW + 60},
        {"username": "ada", "exp": "never"},
        {"username": "ada", "exp": True},
        {"username": "ada", "exp": float("nan")},
        {"username": "ada", "exp": 10**30},
    ],
)
def test_a_shared_token_without_a_name_or_out_of_its_time_is_nobodys(payload: dict[str, Any]) -> None:
    assert tokens.read_shared(shared(payload), SHARED, NOW) is None


def test_another_secret_or_none_is_nobodys() -> None:
    token = shared({"username": "ada"})
    assert tokens.read_shared(token, "t" * 32, NOW) is None
    assert tokens.read_shared(token, "", NOW) is None
    assert tokens.read_shared(forged({"alg": "none"}, {"username": "ada"}, b""), SHARED, NOW) is None


@pytest.mark.parametrize(
    ("claims", "is_ours"),
    [
        ({"aud": "https://chat.example.org"}, True),
        ({"aud": ["wiki", "https://chat.example.org"]}, True),
        ({"aud": "wiki"}, False),
        ({"aud": ["wiki"]}, False),
        ({"aud": []}, False),
        ({"aud": ""}, False),
        ({"aud": None}, False),
        ({"aud": {"https://chat.example.org": 1}}, False),
        ({"aud": "https://chat.example.org/"}, False),
        ({}, False),
    ],
)
def test_a_shared_token_for_somebody_else_is_nobodys_where_an_audience_is_set(
    claims: dict[str, Any], is_ours: bool
) -> None:
    token = shared({"username": "ada", **claims})
    assert (tokens.read_shared(token, SHARED, NOW, audience="https://chat.example.org") is not None) is is_ours
    assert tokens.read_shared(token, SHARED, NOW) == Named("ada")


@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_short_secret_counts_only_where_it_is_allowed() -> None:
    token = shared({"username": "ada"}, "hello world")
    assert tokens.read_shared(token, "hello world", NOW) is None
    assert tokens.read_shared(token, "hello world", NOW, is_weak_allowed=True) == Named("ada")
    assert tokens.read_shared(token, "hello worlds", NOW, is_weak_allowed=True) is None


def test_random_tokens_say_their_kind() -> None:
    assert tokens.kind_of(tokens.new_token("personal")) == "personal"
    assert tokens.kind_of(tokens.new_token("bot")) == "bot"
    assert tokens.kind_of("chat_admin_x") is None
    assert tokens.new_token("bot") != tokens.new_token("bot")
