"""Invitations: who may make them, how often and how long they work."""

from __future__ import annotations

import pytest

from chatapp.core.errors import Forbidden, Invalid, NotFound
from tests.support.house import House, succeeded


async def test_an_invitation_lets_in_as_many_as_it_says(house: House) -> None:
    ada = await house.person("ada", is_admin=True)
    invite, secret = await house.chat.invites.create(ada, days=7, uses=2)
    assert (invite.uses_left, invite.expires_at) == (2, house.clock() + 7 * 86_400_000)
    assert await house.chat.invites.is_usable(secret)
    won = await succeeded(*(house.registers(f"person{n}", invite=secret) for n in range(20)))
    assert len(won) == 2
    assert not await house.chat.invites.is_usable(secret)
    assert [left.uses_left for left in await house.chat.invites.all(ada)] == [0]


async def test_a_registration_that_is_refused_uses_nothing_up(house: House) -> None:
    ada = await house.person("ada", is_admin=True)
    _, secret = await house.chat.invites.create(ada, uses=1)
    with pytest.raises(Invalid):
        await house.registers("ada", invite=secret)
    assert await house.chat.invites.is_usable(secret)


async def test_an_invitation_ends_on_its_day(house: House) -> None:
    ada = await house.person("ada", is_admin=True)
    _, secret = await house.chat.invites.create(ada, days=1)
    house.clock.passes(days=1)
    assert not await house.chat.invites.is_usable(secret)
    with pytest.raises(Forbidden):
        await house.registers("grace", invite=secret)
    assert await house.chat.invites.all(ada) == []


async def test_a_revoked_invitation_ends_at_once(house: House) -> None:
    ada = await house.person("ada", is_admin=True)
    invite, secret = await house.chat.invites.create(ada)
    await house.chat.invites.revoke(ada, invite.id)
    assert not await house.chat.invites.is_usable(secret)
    with pytest.raises(NotFound):
        await house.chat.invites.revoke(ada, invite.id)


async def test_an_invitation_ends_with_the_right_of_who_made_it(house: House) -> None:
    ada, eve = await house.person("ada", is_admin=True), await house.person("eve", is_admin=True)
    _, secret = await house.chat.invites.create(eve)
    await house.chat.accounts.set_disabled(ada, "eve", True)
    assert not await house.chat.invites.is_usable(secret)


async def test_only_administrators_invite(house: House) -> None:
    ada, grace = await house.person("ada", is_admin=True), await house.person("grace")
    invite, _ = await house.chat.invites.create(ada)
    for attempt in (
        house.chat.invites.create(grace),
        house.chat.invites.all(grace),
        house.chat.invites.revoke(grace, invite.id),
    ):
        with pytest.raises(Forbidden):
            await attempt


@pytest.mark.parametrize(("days", "uses"), [(0, 1), (-1, 1), (366, 1), (1, 0), (1, 1001)])
async def test_an_invitation_is_never_endless(house: House, days: int, uses: int) -> None:
    ada = await house.person("ada", is_admin=True)
    with pytest.raises(Invalid):
        await house.chat.invites.create(ada, days=days, uses=uses)


async def test_the_table_holds_no_secret(house: House) -> None:
    _, secret = await house.chat.invites.create(await house.person("ada", is_admin=True))
    assert secret not in str(house.rows("SELECT * FROM invites"))
    for garbage in ("", "x", "\ud800", secret + "x"):
        assert not await house.chat.invites.is_usable(garbage)
