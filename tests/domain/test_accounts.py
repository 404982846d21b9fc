"""How accounts come to be, change and end."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatapp.core import limits
from chatapp.core.errors import ChatError, Conflict, Forbidden, Invalid, NotFound, RateLimited, Unauthenticated
from chatapp.core.models import Identity
from chatapp.settings import Settings
from tests.support.house import HERE, PASSWORD, House, open_house, rooms_of, succeeded
from tests.support.time import SettableClock

NEW = "a wholly new password"
ADA = {"username": "Ada", "email": "Ada@Example.org", "password": PASSWORD}


# The first account


async def test_the_code_on_the_console_makes_the_first_account_an_administrator(house: House) -> None:
    assert await house.chat.accounts.is_empty()
    ada = await house.chat.accounts.set_up(code=house.chat.accounts.setup_code, **ADA)
    assert (ada.username, ada.display_name, ada.email) == ("ada", "ada", "ada@example.org")
    assert ada.is_admin
    assert ada.is_verified
    assert not await house.chat.accounts.is_empty()
    assert await rooms_of(house, ada) == ["general"]


@pytest.mark.parametrize("code", ["", "wrong", "\ud800", "é" * 43])
async def test_a_wrong_code_makes_nothing(house: House, code: str) -> None:
    with pytest.raises(Forbidden):
        await house.chat.accounts.set_up(code=code, **ADA)
    assert await house.chat.accounts.is_empty()


async def test_of_fifty_at_once_one_gets_the_chat(house: House) -> None:
    accounts = house.chat.accounts
    won = await succeeded(
        *(
            accounts.set_up(
                code=accounts.setup_code, username=f"person{n}", email=f"person{n}@example.org", password=PASSWORD
            )
            for n in range(50)
        )
    )
    assert len(won) == 1
    assert house.rows("SELECT count(*) FROM people") == [(1,)]


async def test_once_there_is_an_account_setup_does_not_exist(house: House) -> None:
    await house.person("grace")
    with pytest.raises(NotFound):
        await house.chat.accounts.set_up(code=house.chat.accounts.setup_code, **ADA)


# Registering


async def test_without_an_invitation_nobody_comes_in_by_default(house: House) -> None:
    for invite in ("", "guessed", "\ud800"):
        with pytest.raises(Forbidden):
            await house.registers("grace", invite=invite)
    assert await house.letters() == []


async def test_who_is_invited_is_in_at_once_and_gets_a_mail(house: House) -> None:
    ada = await house.person("ada", is_admin=True)
    _, invite = await house.chat.invites.create(ada)
    grace = await house.registers("grace", invite=invite)
    assert grace.is_verified
    assert await rooms_of(house, grace) == ["general"]
    (letter,) = await house.letters()
    assert letter.to == "grace@example.org"


async def test_in_an_open_chat_the_address_is_confirmed_first(open_to_all: House) -> None:
    house = open_to_all
    grace = await house.registers("grace")
    assert not grace.is_verified
    assert await rooms_of(house, grace) == []
    secret = await house.secret("verify")
    assert await house.chat.links.is_alive("verify", secret)
    grace = await house.chat.links.verify(secret)
    assert grace.is_verified
    assert await rooms_of(house, grace) == ["general"]


async def test_a_closed_chat_takes_no_invitation(settings: Settings, clock: SettableClock) -> None:
    async with open_house(replace(settings, registration="invite"), clock) as house:
        ada = await house.person("ada", is_admin=True)
        _, invite = await house.chat.invites.create(ada)
    async with open_house(replace(settings, registration="closed"), clock) as house:
        with pytest.raises(Forbidden):
            await house.chat.invites.create(ada)
        assert not await house.chat.invites.is_usable(invite)
        with pytest.raises(Forbidden):
            await house.registers("grace", invite=invite)


async def test_a_newcomer_has_nothing_unread(house: House) -> None:
    ada = await house.person("ada")
    await house.chat.messages.post(ada, "general", "Before grace came.")
    grace = await house.person("grace")
    assert [view.unread for view in await house.chat.rooms.sidebar(grace)] == [0]


async def test_every_wrong_field_is_named(open_to_all: House) -> None:
    with pytest.raises(Invalid) as refusal:
        await open_to_all.chat.accounts.register(username="?", email="?", password="short", display_name="\u202e")
    fields = [error.field for error in refusal.value.errors]
    assert fields == ["username", "email", "display_name", "password"]


async def test_a_taken_name_or_address_is_refused_in_any_case(house: House) -> None:
    await house.person("ada")
    with pytest.raises(Invalid) as refusal:
        await house.chat.accounts.add(username="ADA", email="ADA@example.org", password=PASSWORD)
    assert [error.field for error in refusal.value.errors] == ["username", "email"]


async def test_a_stranger_does_not_learn_that_an_address_is_taken_but_its_owner_does(open_to_all: House) -> None:
    house = open_to_all
    ada, free = await house.person("ada"), await house.registers("grace")
    await house.letters()
    taken = await house.chat.accounts.register(username="eve", email="ADA@example.org", password=PASSWORD)
    (letter,) = await house.letters()
    assert (letter.to, "ada" in letter.body, "eve" in letter.body) == ("ada@example.org", True, False)
    assert "/verify/" not in letter.body
    # The rest is like any account that waits for its address: by name, in what it may do, in what it sees of itself.
    assert (taken.is_verified, free.is_verified) == (False, False)
    assert await house.signs_in("eve")
    assert await house.chat.links.awaited_address(taken) == "ada@example.org"
    house.clock.passes(minutes=1)
    await house.chat.links.request_verification(taken)
    assert [letter.to for letter in await house.letters()] == ["ada@example.org"]
    assert (await house.signs_in("ada@example.org")).person.id == ada.id


async def test_an_address_that_nobody_has_confirmed_opens_no_account(open_to_all: House) -> None:
    # Or logging in with it would tell a stranger whether the address was free.
    house = open_to_all
    await house.registers("grace")
    with pytest.raises(Unauthenticated):
        await house.signs_in("grace@example.org")
    await house.chat.links.verify(await house.secret("verify"))
    assert await house.signs_in("grace@example.org")


async def test_of_fifty_with_one_name_one_gets_it(house: House) -> None:
    won = await succeeded(
        *(house.chat.accounts.add(username="ada", email=f"ada{n}@example.org", password=PASSWORD) for n in range(50))
    )
    assert len(won) == 1


async def test_who_registers_too_often_from_one_address_is_slowed_down(open_to_all: House) -> None:
    register, here = open_to_all.chat.accounts.register, "192.0.2.1"
    for n in range(limits.REQUESTS):
        await register(username=f"bot{n}", email=f"bot{n}@example.org", password=PASSWORD, address=here)
    with pytest.raises(RateLimited) as refusal:
        await register(username="late", email="late@example.org", password=PASSWORD, address=here)
    assert refusal.value.retry_after == limits.HOUR_MS // 1000


@pytest.mark.file_only("it reads the file; the columns are asked elsewhere")
async def test_no_password_stands_in_the_file(house: House) -> None:
    await house.person("ada")
    secret, _ = await house.chat.sign_in.with_password("ada", PASSWORD, remember=True, **HERE)
    kept = b"".join(file.read_bytes() for file in house.settings.data.glob("chatapp.db*"))
    assert kept
    assert PASSWORD.encode() not in kept
    assert secret.encode() not in kept


# Changes


async def test_a_change_of_password_ends_all_other_sessions(house: House) -> None:
    ada = await house.person("ada")
    here, there = await house.signs_in("ada"), await house.signs_in("ada")
    near, far = house.connects(here), house.connects(there)
    secret = await house.reset_secret("ada@example.org")
    await house.chat.accounts.change_password(ada, current=PASSWORD, new=NEW, keep=here)
    assert await house.chat.sign_in.is_valid(here)
    assert not await house.chat.sign_in.is_valid(there)
    assert (near.closed, far.closed) == ([], [4401])
    assert not await house.chat.links.is_alive("reset", secret)


@pytest.mark.parametrize("way", ["changed", "reset"])
async def test_a_new_password_ends_what_the_old_one_was_given_for_and_leaves_programs_alone(
    house: House, way: str
) -> None:
    ada = await house.person("ada")
    _, personal = await house.chat.sign_in.create_token(ada, "deploy", None)
    _, jwt = await house.chat.sign_in.create_jwt(ada)
    identity = await house.chat.sign_in.by_token(jwt)
    assert identity
    socket = house.connects(identity)
    if way == "reset":
        await house.chat.links.reset(await house.reset_secret("ada@example.org"), NEW)
    else:
        here = await house.signs_in("ada")
        await house.chat.accounts.change_password(ada, current=PASSWORD, new=NEW, keep=here)
    assert await house.chat.sign_in.by_token(jwt) is None
    assert socket.closed == [4401]
    assert await house.chat.sign_in.by_token(personal)


async def test_the_current_password_must_be_right_and_is_not_to_be_guessed(house: House) -> None:
    ada = await house.person("ada")
    keep = Identity(ada)
    for _ in range(house.settings.login_tries):
        with pytest.raises(Invalid) as refusal:
            await house.chat.accounts.change_password(ada, current="wrong wrong", new=NEW, keep=keep)
        assert [error.field for error in refusal.value.errors] == ["current"]
    with pytest.raises(RateLimited):
        await house.chat.accounts.change_password(ada, current=PASSWORD, new=NEW, keep=keep)


async def test_two_changes_at_once_do_not_both_succeed(house: House) -> None:
    ada = await house.person("ada")
    change = house.chat.accounts.change_password
    won = await succeeded(*(change(ada, current=PASSWORD, new=f"{NEW} {n}", keep=Identity(ada)) for n in range(2)))
    assert len(won) == 1
    with pytest.raises((Conflict, Invalid)):
        await change(ada, current=PASSWORD, new=NEW, keep=Identity(ada))


async def test_a_new_name_is_told_once_to_everybody_who_is_there(house: House) -> None:
    ada, grace = await house.person("ada"), await house.person("grace")
    socket = house.connects(Identity(grace))
    ada = await house.chat.accounts.update_profile(ada, display_name="Ada Okafor", time_zone="Africa/Lagos")
    assert (ada.display_name, ada.time_zone) == ("Ada Okafor", "Africa/Lagos")
    await house.chat.accounts.update_profile(ada, display_name="Ada Okafor", time_zone="")
    assert [b'"userChanged"' in frame for frame in socket.heard] == [True]
    assert (await house.chat.accounts.set_theme(ada, "dark")).theme == "dark"
    assert (await house.chat.accounts.set_density(ada, "compact")).density == "compact"


async def test_others_see_neither_address_nor_the_disabled_nor_the_unconfirmed(open_to_all: House) -> None:
    house = open_to_all
    ada = await house.person("ada", is_admin=True)
    await house.person("linus")
    await house.registers("grace")
    await house.chat.accounts.set_disabled(ada, "linus", True)
    assert [(person.username, person.email) for person in await house.chat.people.all(ada)] == [("ada", "")]
    assert [person.username for person in await house.chat.accounts.everyone()] == ["ada", "grace", "linus"]


# Shutting somebody out


async def test_a_disabled_account_is_out_everywhere_at_once(house: House) -> None:
    ada, grace = await house.person("ada", is_admin=True), await house.person("grace")
    session = await house.signs_in("grace")
    _, token = await house.chat.sign_in.create_token(grace, "script", None)
    _, jwt = await house.chat.sign_in.create_jwt(grace)
    bearer = await house.chat.sign_in.by_token(token)
    assert bearer is not None
    sockets = [house.connects(session), house.connects(bearer)]
    secret = await house.reset_secret("grace@example.org")
    await house.chat.accounts.set_disabled(ada, "grace", True)
    assert [socket.closed for socket in sockets] == [[4401], [4401]]
    assert not await house.chat.sign_in.is_valid(session)
    assert not await house.chat.sign_in.is_valid(bearer)
    assert not await house.chat.sign_in.is_valid(Identity(grace))
    assert [await house.chat.sign_in.by_token(one) for one in (token, jwt)] == [None, None]
    for attempt in (
        house.signs_in("grace"),
        house.chat.sign_in.start_session(grace, remember=True, **HERE),
        house.chat.sign_in.create_token(grace, "again", None),
        house.chat.links.reset(secret, NEW),
    ):
        with pytest.raises(ChatError):
            await attempt


async def test_let_in_again_the_old_sessions_stay_over(house: House) -> None:
    ada, _ = await house.person("ada", is_admin=True), await house.person("grace")
    session = await house.signs_in("grace")
    await house.chat.accounts.set_disabled(ada, "grace", True)
    await house.chat.accounts.set_disabled(ada, "grace", False)
    assert not await house.chat.sign_in.is_valid(session)
    assert await house.signs_in("grace")


async def test_only_administrators_disable_and_never_themselves(house: House) -> None:
    ada, grace = await house.person("ada", is_admin=True), await house.person("grace")
    with pytest.raises(NotFound):
        await house.chat.accounts.set_disabled(grace, "ada", True)
    with pytest.raises(Forbidden):
        await house.chat.accounts.set_disabled(ada, "ada", True)
    for nobody in ("nobody", "", "\ud800"):
        with pytest.raises(NotFound):
            await house.chat.accounts.set_disabled(ada, nobody, True)
