"""Tokens for scripts: shown once, revocable, never better than their owner."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import jwt
import pytest

from chatapp.core import tokens
from chatapp.core.errors import Conflict, Forbidden, Invalid, NotFound
from chatapp.core.models import Identity
from chatapp.domain import sign_in
from chatapp.settings import Settings
from chatapp.storage import secrets
from tests.support.house import House, open_house
from tests.support.time import SettableClock

SHARED = "a secret of at least thirty-two bytes"


@pytest.fixture
async def sharing(settings: Settings, clock: SettableClock) -> AsyncIterator[House]:
    async with open_house(replace(settings, shared_jwt_secret=SHARED, registration="open"), clock) as opened:
        yield opened


async def test_a_personal_token_is_its_owner_until_revoked(house: House) -> None:
    ada = await house.person("ada")
    token, secret = await house.chat.sign_in.create_token(ada, "  deploy ", None)
    assert (token.name, token.kind, token.expires_at) == ("deploy", "personal", None)
    identity = await house.chat.sign_in.by_token(secret)
    assert identity == Identity(ada, token_id=token.id)
    socket = house.connects(identity)
    await house.chat.sign_in.revoke_token(ada, token.id)
    assert await house.chat.sign_in.by_token(secret) is None
    assert not await house.chat.sign_in.is_valid(identity)
    assert socket.closed == [4401]


async def test_a_jwt_is_its_owner_until_revoked(house: House) -> None:
    ada = await house.person("ada")
    token, secret = await house.chat.sign_in.create_jwt(ada)
    claims = jwt.decode(secret, options={"verify_signature": False})
    assert (claims["sub"], claims["username"]) == (str(ada.id), "ada")
    assert claims["exp"] - claims["iat"] == 30 * 86_400
    assert await house.chat.sign_in.by_token(secret) == Identity(ada, token_id=token.id, expires_at=token.expires_at)
    await house.chat.sign_in.revoke_token(ada, token.id)
    assert await house.chat.sign_in.by_token(secret) is None


async def test_a_token_ends_on_its_day(house: House) -> None:
    ada = await house.person("ada")
    _, personal = await house.chat.sign_in.create_token(ada, "week", 7)
    _, signed = await house.chat.sign_in.create_jwt(ada, days=7)
    house.clock.passes(days=6.99)
    assert all([await house.chat.sign_in.by_token(token) for token in (personal, signed)])
    house.clock.passes(days=0.01)
    assert [await house.chat.sign_in.by_token(token) for token in (personal, signed)] == [None, None]
    assert await house.chat.sign_in.tokens(ada) == []


async def test_no_secret_stands_in_the_table(house: House) -> None:
    ada = await house.person("ada")
    _, personal = await house.chat.sign_in.create_token(ada, "one", None)
    _, signed = await house.chat.sign_in.create_jwt(ada)
    kept = str(house.rows("SELECT * FROM tokens"))
    assert personal.removeprefix("chat_personal_") not in kept
    assert jwt.decode(signed, options={"verify_signature": False})["jti"] not in kept


async def test_one_sees_and_revokes_ones_own_tokens_only(house: House) -> None:
    ada, grace = await house.person("ada"), await house.person("grace")
    token, secret = await house.chat.sign_in.create_token(ada, "mine", None)
    assert await house.chat.sign_in.tokens(grace) == []
    with pytest.raises(NotFound):
        await house.chat.sign_in.revoke_token(grace, token.id)
    assert [found.id for found in await house.chat.sign_in.tokens(ada)] == [token.id]
    assert await house.chat.sign_in.by_token(secret)


@pytest.mark.parametrize(("name", "days"), [("", 1), ("x" * 65, 1), ("a\nb", 1), ("ok", 0), ("ok", -1), ("ok", 366)])
async def test_a_token_has_a_name_and_a_sensible_life(house: House, name: str, days: int) -> None:
    with pytest.raises(Invalid):
        await house.chat.sign_in.create_token(await house.person("ada"), name, days)


async def test_nobody_hoards_tokens(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "MOST_TOKENS", 2)
    ada = await house.person("ada")
    for _ in range(2):
        await house.chat.sign_in.create_token(ada, "one more", None)
    with pytest.raises(Conflict):
        await house.chat.sign_in.create_token(ada, "one more", None)


async def test_who_has_not_confirmed_their_address_gets_no_token(sharing: House) -> None:
    grace = await sharing.registers("grace")
    with pytest.raises(Forbidden):
        await sharing.chat.sign_in.create_token(grace, "early", None)
    assert await sharing.chat.sign_in.by_token(jwt.encode({"username": "grace"}, SHARED)) is None


async def test_where_a_token_was_last_used_is_noted(house: House) -> None:
    ada = await house.person("ada")
    _, secret = await house.chat.sign_in.create_token(ada, "cron", None)
    house.clock.passes(days=1)
    await house.chat.sign_in.by_token(secret)
    await house.chat.housekeeping.note_seen()
    assert [token.last_used_at for token in await house.chat.sign_in.tokens(ada)] == [house.clock()]


GARBAGE = [
    *("", " ", ".", "..", "...", "null", "Bearer x", "chat_", "chat_personal_", "chat_bot_", "chat_jwt_x"),
    *("chat_personal_\x00", "chat_personal_\ud800", "\ud800", "é.é.é", "x" * 9000, "chat_bot_" + "x" * 9000),
    *("eyJhbGciOiJub25lIn0.e30.", "{}", "' OR ''='", "%", "chat_personal_%"),
]


async def test_garbage_is_nobody(house: House) -> None:
    ada = await house.person("ada")
    await house.chat.sign_in.create_token(ada, "real", None)
    assert [token for token in GARBAGE if await house.chat.sign_in.by_token(token)] == []


async def test_a_token_under_another_kinds_name_is_nobody(house: House) -> None:
    ada = await house.person("ada")
    _, secret = await house.chat.sign_in.create_token(ada, "real", None)
    assert await house.chat.sign_in.by_token(secret.replace("chat_personal_", "chat_bot_")) is None
    assert await house.chat.sign_in.by_token(secret.removeprefix("chat_personal_")) is None


async def test_a_genuine_signature_over_another_person_is_nobody(house: House) -> None:
    ada, grace = await house.person("ada"), await house.person("grace")
    _, secret = await house.chat.sign_in.create_jwt(ada)
    payload = jwt.decode(secret, options={"verify_signature": False})
    keys = secrets.load(house.settings.data).jwt_keys
    kid, key = next(iter(keys.items()))

    async def bearer(**changes: Any) -> Identity | None:
        return await house.chat.sign_in.by_token(jwt.encode({**payload, **changes}, key, headers={"kid": kid}))

    assert (await bearer() or Identity(grace)).person == ada
    assert await bearer(sub=str(grace.id)) is None
    assert await bearer(jti="never issued") is None
    assert await bearer(exp=payload["iat"] + tokens.LONGEST_LIFE_DAYS * 86_400 + 1) is None


# Another program that shares our secret


@pytest.mark.parametrize("claims", [{"username": "ada"}, {"sub": "ada"}, {"username": "ADA"}])
async def test_a_shared_token_names_a_person(sharing: House, claims: dict[str, Any]) -> None:
    ada = await sharing.person("ada")
    identity = await sharing.chat.sign_in.by_token(jwt.encode(claims, SHARED))
    assert identity == Identity(ada)
    assert await sharing.chat.sign_in.is_valid(identity)


async def test_a_shared_token_says_when_it_ends_and_then_is_over(sharing: House) -> None:
    await sharing.person("ada")
    ends = sharing.clock() // 1000 + 60
    identity = await sharing.chat.sign_in.by_token(jwt.encode({"username": "ada", "exp": ends}, SHARED))
    assert identity is not None
    assert identity.expires_at == (ends + tokens.LEEWAY) * 1000
    sharing.clock.passes(seconds=60 + tokens.LEEWAY - 1)
    assert await sharing.chat.sign_in.is_valid(identity)
    sharing.clock.passes(seconds=1)
    assert not await sharing.chat.sign_in.is_valid(identity)


async def test_an_identity_says_when_its_session_ends(house: House) -> None:
    await house.person("ada")
    identity = await house.signs_in("ada")
    assert identity.expires_at == house.clock() + house.settings.session_days * 86_400_000


@pytest.mark.parametrize(
    "claims", [{}, {"username": "nobody"}, {"username": ""}, {"username": "\ud800"}, {"sub": "ada@example.org"}]
)
async def test_a_shared_token_that_names_nobody_is_nobody(sharing: House, claims: dict[str, Any]) -> None:
    await sharing.person("ada")
    assert await sharing.chat.sign_in.by_token(jwt.encode(claims, SHARED)) is None


async def test_without_the_setting_a_shared_token_is_nobody(house: House) -> None:
    await house.person("ada")
    assert await house.chat.sign_in.by_token(jwt.encode({"username": "ada"}, SHARED)) is None


async def test_a_disabled_person_cannot_come_in_by_a_shared_token(sharing: House) -> None:
    ada, _ = await sharing.person("ada", is_admin=True), await sharing.person("grace")
    identity = await sharing.chat.sign_in.by_token(jwt.encode({"username": "grace"}, SHARED))
    assert identity is not None
    await sharing.chat.accounts.set_disabled(ada, "grace", True)
    assert not await sharing.chat.sign_in.is_valid(identity)
    assert await sharing.chat.sign_in.by_token(jwt.encode({"username": "grace"}, SHARED)) is None


async def test_revoking_races_with_use_and_wins(house: House) -> None:
    ada = await house.person("ada")
    for _ in range(20):
        token, secret = await house.chat.sign_in.create_token(ada, "short", None)
        await asyncio.gather(
            *(house.chat.sign_in.by_token(secret) for _ in range(5)),
            house.chat.sign_in.revoke_token(ada, token.id),
        )
        assert await house.chat.sign_in.by_token(secret) is None


async def test_an_audience_that_is_set_must_be_named(settings: Settings, clock: SettableClock) -> None:
    wanted = replace(settings, shared_jwt_secret=SHARED, shared_jwt_audience="chat")
    async with open_house(wanted, clock) as house:
        ada = await house.person("ada")
        for_us, for_others = (jwt.encode({"sub": "ada", "aud": name}, SHARED) for name in ("chat", "wiki"))
        assert await house.chat.sign_in.by_token(for_us) == Identity(ada)
        assert await house.chat.sign_in.by_token(for_others) is None
        assert await house.chat.sign_in.by_token(jwt.encode({"sub": "ada"}, SHARED)) is None
