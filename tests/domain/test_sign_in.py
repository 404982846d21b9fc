"""Passwords become sessions; sessions and tokens become people again."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from chatapp.core import passwords
from chatapp.core.errors import BadRequest, ChatError, NotFound, RateLimited, Unauthenticated
from chatapp.core.models import Identity, Person
from chatapp.core.passwords import Hasher
from chatapp.domain import hashing
from chatapp.settings import Settings
from tests.support.house import HERE, PASSWORD, House, open_house, succeeded
from tests.support.time import SettableClock


async def refusal(house: House, name: str, password: str = "wrong password") -> ChatError:
    with pytest.raises(ChatError) as refused:
        await house.chat.sign_in.with_password(name, password, remember=True, **HERE)
    return refused.value


def logins(house: House, name: str, count: int) -> list[Coroutine[Any, Any, tuple[str, Person]]]:
    """With the right password. What has come of the session by the time they return is not asked."""
    login = partial(house.chat.sign_in.with_password, name, PASSWORD, remember=True, **HERE)
    return [login() for _ in range(count)]


# Passwords


@pytest.mark.parametrize("name", ["ada", " ADA ", "ada@example.org", "Ada@Example.ORG"])
async def test_one_signs_in_by_name_or_address(house: House, name: str) -> None:
    await house.person("ada")
    assert (await house.signs_in(name)).person.username == "ada"


async def test_every_login_gets_a_secret_of_its_own(house: House) -> None:
    await house.person("ada")
    first, second = await house.signs_in("ada"), await house.signs_in("ada")
    assert first.session_digest != second.session_digest
    assert house.rows("SELECT count(*) FROM sessions") == [(2,)]


async def test_nobody_learns_whether_there_is_such_a_person(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await house.person("ada", is_admin=True)
    await house.person("gone")
    await house.chat.accounts.set_disabled(ada, "gone", True)
    asked = Counter[str]()
    is_right = Hasher.is_right

    def counted(self: Hasher, password: str, phc: str) -> bool:
        asked[phc[: phc.rindex("p=1$")]] += 1
        return is_right(self, password, phc)

    monkeypatch.setattr(Hasher, "is_right", counted)
    attempts = [("ada", "wrong password"), ("nobody", PASSWORD), ("gone", PASSWORD), ("x@example.org", PASSWORD)]
    refusals = [await refusal(house, *attempt) for attempt in attempts]
    assert len({(type(error), error.message, error.retry_after) for error in refusals}) == 1
    # The same work each time: one verification under the same parameters.
    assert list(asked.values()) == [len(attempts)]


async def test_garbage_is_a_wrong_password_like_any_other(house: House) -> None:
    await house.person("ada")
    for name in ("", "\x00", "\ud800", "é", "x" * 100_000, "a@b@c", "' OR 1=1 --", "ada"):
        for password in ("", "\ud800" * 12, "x" * passwords.LONGEST):
            assert isinstance(await refusal(house, name, password), Unauthenticated), (name, password)
            house.clock.passes(minutes=1)


async def test_an_endless_password_costs_no_hash_and_no_try(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.person("ada")
    hashed: list[str] = []
    monkeypatch.setattr(Hasher, "is_right", lambda _self, password, _phc: hashed.append(password))
    for name in ("ada", "nobody"):
        for _ in range(house.settings.login_tries + 1):
            assert isinstance(await refusal(house, name, "x" * 1_000_000), BadRequest)
    assert hashed == []


async def test_an_account_without_a_password_opens_with_none(house: House) -> None:
    await house.person("ada")
    house.rows("UPDATE people SET password_hash = ''")
    assert house.rows("SELECT password_hash FROM people") == [("",)]
    assert isinstance(await refusal(house, "ada", ""), Unauthenticated)
    assert isinstance(await refusal(house, "ada", PASSWORD), Unauthenticated)


async def test_too_many_failures_close_the_account_for_a_while(house: House) -> None:
    await house.person("ada")
    for n in range(house.settings.login_tries):
        assert isinstance(await refusal(house, ("ada", "ada@example.org")[n % 2]), Unauthenticated)
    refused = await refusal(house, "ada", PASSWORD)
    assert isinstance(refused, RateLimited)
    assert refused.retry_after == house.settings.login_window_seconds
    house.clock.passes(seconds=house.settings.login_window_seconds)
    assert await house.signs_in("ada")


async def test_many_tries_at_once_are_counted_before_they_are_checked(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Or the line in front of the hashes would refuse some of them, depending on how they come.
    for places in ("MOST_OF_ONE", "MOST_OF_NETWORK"):
        monkeypatch.setattr(hashing, places, 50)
    await house.person("ada")
    refusals = await asyncio.gather(*(refusal(house, "ada") for _ in range(50)))
    assert Counter(type(error) for error in refusals) == {
        Unauthenticated: house.settings.login_tries,
        RateLimited: 50 - house.settings.login_tries,
    }


async def test_a_success_starts_the_count_anew(house: House) -> None:
    await house.person("ada")
    for _ in range(3):
        for _ in range(house.settings.login_tries // 2):
            await refusal(house, "ada")
            house.clock.passes(seconds=30)
        assert await house.signs_in("ada")


async def test_a_hash_made_with_less_is_renewed_at_login(settings: Settings, clock: SettableClock) -> None:
    async with open_house(settings, clock) as house:
        await house.person("ada")
        (before,) = house.rows("SELECT password_hash FROM people")
    async with open_house(replace(settings, password_memory_kib=128), clock) as house:
        # As many at once as the line in front of the hashes takes of one account.
        assert len(await succeeded(*(house.signs_in("ada") for _ in range(hashing.MOST_OF_ONE)))) == hashing.MOST_OF_ONE
        (after,) = house.rows("SELECT password_hash FROM people")
        assert "m=64," in before[0]
        assert "m=128," in after[0]
        assert await house.signs_in("ada")


async def test_a_login_that_races_with_being_disabled_leaves_nothing_open(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "MOST_OF_ONE", 3)
    ada = await house.person("ada", is_admin=True)
    await house.person("grace")
    disable = house.chat.accounts.set_disabled
    for _ in range(20):
        await disable(ada, "grace", False)
        *opened, _ = await succeeded(*logins(house, "grace", 3), disable(ada, "grace", True))
        for secret, _ in opened:
            assert await house.chat.sign_in.by_session(secret) is None
        assert house.rows("SELECT count(*) FROM sessions") == [(0,)]


async def test_a_login_with_the_old_password_does_not_survive_its_change(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    for places in ("MOST_OF_ONE", "MOST_OF_NETWORK"):
        monkeypatch.setattr(hashing, places, 10)
    ada = await house.person("ada")
    change = house.chat.accounts.change_password(ada, current=PASSWORD, new="another password", keep=Identity(ada))
    # The change is not refused, and outlasts whoever logged in before it.
    assert None in await succeeded(change, *logins(house, "ada", 10))
    assert house.rows("SELECT count(*) FROM sessions") == [(0,)]


async def test_a_password_can_be_checked_without_a_session(house: House) -> None:
    await house.person("ada")
    person, _ = await house.chat.sign_in.check_password("ada", PASSWORD, address="192.0.2.1")
    assert person.username == "ada"
    assert house.rows("SELECT count(*) FROM sessions") == [(0,)]


# Sessions


async def test_a_garbage_session_is_nobodys(house: House) -> None:
    await house.signs_in((await house.person("ada")).username)
    for secret in ("", "x", "\ud800", "\x00", "x" * 100_000):
        assert await house.chat.sign_in.by_session(secret) is None


async def test_an_unused_session_ends_and_a_used_one_ends_later(house: House) -> None:
    await house.person("ada")
    secret, _ = await house.chat.sign_in.with_password("ada", PASSWORD, remember=True, **HERE)
    for _ in range(2):
        house.clock.passes(days=house.settings.session_idle_days - 1)
        assert await house.chat.sign_in.by_session(secret)
        await house.chat.housekeeping.note_seen()
    house.clock.passes(days=house.settings.session_days)
    assert await house.chat.sign_in.by_session(secret) is None


async def test_a_session_that_is_not_remembered_ends_after_a_day(house: House) -> None:
    await house.person("ada")
    secret, _ = await house.chat.sign_in.with_password("ada", PASSWORD, remember=False, **HERE)
    house.clock.passes(days=0.9)
    assert await house.chat.sign_in.by_session(secret)
    house.clock.passes(days=1)
    assert await house.chat.sign_in.by_session(secret) is None


async def test_logging_out_ends_the_session_and_its_sockets(house: House) -> None:
    await house.person("ada")
    here, there = await house.signs_in("ada"), await house.signs_in("ada")
    near, far = house.connects(here), house.connects(there)
    await house.chat.sign_in.log_out(here)
    assert not await house.chat.sign_in.is_valid(here)
    assert await house.chat.sign_in.is_valid(there)
    assert (near.closed, far.closed) == ([4401], [])


async def test_who_came_with_a_token_has_no_session_to_log_out_of(house: House) -> None:
    ada = await house.person("ada")
    session = await house.signs_in("ada")
    _, secret = await house.chat.sign_in.create_token(ada, "laptop", None)
    by_token = await house.chat.sign_in.by_token(secret)
    assert by_token
    sockets = [house.connects(session), house.connects(by_token)]
    await house.chat.sign_in.log_out(by_token)
    assert [await house.chat.sign_in.is_valid(each) for each in (session, by_token)] == [True, True]
    assert [socket.closed for socket in sockets] == [[], []]
    assert house.rows("SELECT count(*) FROM audit_log WHERE action = 'logout'") == [(0,)]


async def test_one_sees_and_ends_ones_own_sessions_only(house: House) -> None:
    ada, grace = await house.person("ada"), await house.person("grace")
    mine, theirs = await house.signs_in("ada"), await house.signs_in("grace")
    (session,) = await house.chat.sign_in.sessions(ada)
    assert (session.digest, session.address, session.user_agent) == (mine.session_digest, "192.0.2.1", "pytest")
    with pytest.raises(NotFound):
        await house.chat.sign_in.end_session(grace, session.digest)
    await house.chat.sign_in.end_session(ada, session.digest)
    assert await house.chat.sign_in.sessions(ada) == []
    assert await house.chat.sign_in.is_valid(theirs)


async def test_all_others_end_and_this_one_stays(house: House) -> None:
    ada = await house.person("ada")
    here, *others = [await house.signs_in("ada") for _ in range(3)]
    sockets = [house.connects(identity) for identity in (here, *others)]
    await house.chat.sign_in.end_other_sessions(here)
    assert [session.digest for session in await house.chat.sign_in.sessions(ada)] == [here.session_digest]
    assert [socket.closed for socket in sockets] == [[], [4401], [4401]]


async def test_a_browser_may_call_itself_anything(house: House) -> None:
    ada = await house.person("ada")
    await house.chat.sign_in.start_session(
        ada, remember=True, address="x" * 500, user_agent="\udcff\ud800\x00\n<b>" + "é" * 5000
    )
    (session,) = await house.chat.sign_in.sessions(ada)
    assert session.user_agent.startswith("??<b>")
    assert (len(session.address), len(session.user_agent)) == (64, 200)
