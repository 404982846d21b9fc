"""What went wrong elsewhere, tried here: empty credentials, disabled people, invitations whose right is gone."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Final

import pytest

from chatapp.core.errors import BadRequest, ChatError, Forbidden, Invalid, NotFound, Unauthenticated
from chatapp.core.models import Person
from chatapp.settings import Settings
from tests.support.house import HERE, PASSWORD, House, open_house
from tests.support.rooms import closed_room
from tests.support.time import SettableClock

# Nothing, prefixes of what a credential looks like, and what databases and languages take for nothing.
EMPTY: Final = ("", " ", "\t", "None", "null", "0", "chat_", "chat_personal", "chat_personal_", "chat_bot_", "chat__")
HOLLOW_JWTS: Final = ("..", ".", "eyJ", "eyJhbGciOiJub25lIn0..", "eyJhbGciOiJIUzI1NiJ9.e30.")


@pytest.mark.parametrize("secret", [*EMPTY, *HOLLOW_JWTS])
async def test_an_empty_or_half_credential_is_nobodys(house: House, ada: Person, secret: str) -> None:
    """As in Campfire 3d0a10d, where an empty token was that of whoever had none."""
    await house.signs_in("ada")
    assert await house.chat.sign_in.by_token(secret) is None
    assert await house.chat.sign_in.by_session(secret) is None
    assert not await house.chat.invites.is_usable(secret)
    for purpose in ("verify", "reset"):
        assert not await house.chat.links.is_alive(purpose, secret)
    with pytest.raises(ChatError):
        await house.registers("mary", invite=secret)
    with pytest.raises(NotFound):
        await house.chat.links.reset(secret, "another horse battery")


@pytest.mark.parametrize("password", ["", " ", "\x00", "None"])
async def test_nobody_logs_in_without_a_password_whatever_their_account_is(
    settings: Settings, clock: SettableClock, password: str
) -> None:
    """As in CVE-2019-18933, where an account made another way had an empty one."""
    async with open_house(replace(settings, registration="open", limits=False), clock) as house:
        admin = await house.person("admin", is_admin=True)
        await house.person("member")
        await house.person("disabled")
        await house.chat.accounts.set_disabled(admin, "disabled", True)
        await house.registers("unverified")
        _, invite = await house.chat.invites.create(admin)
        await house.registers("invited", invite=invite)
        for name in ("admin", "member", "disabled", "unverified", "invited", "nobody", "", "admin@example.org"):
            with pytest.raises((Unauthenticated, BadRequest)):
                await house.chat.sign_in.with_password(name, password, remember=False, **HERE)
            with pytest.raises((Unauthenticated, BadRequest)):
                await house.chat.sign_in.check_password(name, password, address="")


async def test_no_account_is_made_with_an_empty_password(house: House) -> None:
    with pytest.raises(Invalid):
        await house.chat.accounts.add(username="ada", email="ada@example.org", password="")
    with pytest.raises(Invalid):
        await house.chat.accounts.set_up(
            code=house.chat.accounts.setup_code, username="ada", email="ada@example.org", password=""
        )


async def test_a_disabled_person_gets_in_by_no_way(settings: Settings, clock: SettableClock) -> None:
    """As in CVE-2016-4427 and CVE-2023-32682: every way in, and a way that was begun before."""
    shared = "s" * 32
    async with open_house(replace(settings, registration="open", shared_jwt_secret=shared), clock) as house:
        admin, grace = await house.person("admin", is_admin=True), await house.person("grace")
        session, _ = await house.chat.sign_in.with_password("grace", PASSWORD, remember=True, **HERE)
        _, token = await house.chat.sign_in.create_token(grace, "robot", None)
        _, jwt = await house.chat.sign_in.create_jwt(grace)
        reset = await house.reset_secret("grace@example.org")
        await house.chat.accounts.set_disabled(admin, "grace", True)
        assert await house.chat.sign_in.by_session(session) is None
        assert [await house.chat.sign_in.by_token(each) for each in (token, jwt)] == [None, None]
        with pytest.raises(Unauthenticated):
            await house.chat.sign_in.with_password("grace", PASSWORD, remember=False, **HERE)
        with pytest.raises(Unauthenticated):
            await house.chat.sign_in.start_session(grace, remember=False, **HERE)
        with pytest.raises(NotFound):
            await house.chat.links.reset(reset, "another horse battery")
        await house.chat.links.request_reset("grace@example.org")
        assert await house.letters() == []


@pytest.mark.parametrize("loss", ["demoted", "disabled"])
async def test_an_invitation_is_worth_as_much_as_the_right_of_who_made_it(
    house: House, ada: Person, grace: Person, loss: str
) -> None:
    """As in CVE-2022-21706 and CVE-2026-2463: the right is asked for at the use."""
    await house.chat.accounts.set_admin(ada, "grace", True)
    _, secret = await house.chat.invites.create(grace)
    if loss == "demoted":
        await house.chat.accounts.set_admin(ada, "grace", False)
    else:
        await house.chat.accounts.set_disabled(ada, "grace", True)
    assert not await house.chat.invites.is_usable(secret)
    with pytest.raises(Forbidden):
        await house.registers("mary", invite=secret)


async def test_of_two_administrators_who_disable_each_other_one_stays(house: House, ada: Person, grace: Person) -> None:
    await house.chat.accounts.set_admin(ada, "grace", True)
    calls = (
        house.chat.accounts.set_disabled(ada, "grace", True),
        house.chat.accounts.set_disabled(grace, "ada", True),
    )
    done = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(each) for each in done if each] == [NotFound]
    assert house.rows("SELECT count(*) FROM people WHERE is_admin AND NOT is_disabled") == [(1,)]


async def test_of_two_administrators_who_demote_themselves_one_stays(house: House, ada: Person, grace: Person) -> None:
    await house.chat.accounts.set_admin(ada, "grace", True)
    calls = (
        house.chat.accounts.set_admin(ada, "ada", False),
        house.chat.accounts.set_admin(grace, "grace", False),
    )
    done = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(isinstance(each, ChatError) for each in done) == 1
    assert house.rows("SELECT count(*) FROM people WHERE is_admin") == [(1,)]


async def test_whoever_was_removed_neither_changes_nor_reads_what_they_said(
    house: House, ada: Person, grace: Person
) -> None:
    """As in CVE-2023-32678 and CVE-2023-47642."""
    await closed_room(house.chat, ada, "designers")
    await house.chat.memberships.add(ada, "designers", "grace")
    mine = await house.chat.messages.post(grace, "designers", "mine", client_id="once")
    await house.chat.memberships.remove(ada, "designers", "grace")
    for refused in (
        house.chat.messages.edit(grace, "designers", mine.index, "changed"),
        house.chat.messages.delete(grace, "designers", mine.index),
        house.chat.messages.by_index(grace, "designers", mine.index),
        # The answer to a repeated post would be the message as it is now.
        house.chat.messages.post(grace, "designers", "mine", client_id="once"),
        house.chat.memberships.remove(grace, "designers", "grace"),
        house.chat.memberships.remove(grace, "designers", "ada"),
        house.chat.rooms.show(grace, "designers"),
    ):
        with pytest.raises(NotFound):
            await refused
    assert (await house.chat.messages.by_index(ada, "designers", mine.index)).content == "mine"


async def test_a_key_used_in_a_room_that_is_gone_tells_nothing_of_it(house: House, ada: Person, grace: Person) -> None:
    await closed_room(house.chat, ada, "designers")
    await house.chat.memberships.add(ada, "designers", "grace")
    await house.chat.messages.post(grace, "designers", "mine", client_id="once")
    await house.chat.memberships.remove(ada, "designers", "grace")
    with pytest.raises(ChatError) as refusal:
        await house.chat.messages.post(grace, "general", "mine", client_id="once")
    assert "designers" not in refusal.value.message


async def test_an_account_that_nobody_confirmed_is_put_into_no_room(open_to_all: House) -> None:
    ada = await open_to_all.person("ada")
    room = await open_to_all.chat.rooms.create(ada, name="Type")
    await open_to_all.registers("grace")
    for name in ("grace", "nobody"):
        for act in (open_to_all.chat.memberships.add, open_to_all.chat.memberships.remove):
            with pytest.raises(NotFound, match=f"There is nobody called {name}."):
                await act(ada, room.slug, name)
