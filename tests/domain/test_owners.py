"""A room with people in it has an owner, whoever goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from chatapp.core.models import Person
from tests.support.house import House
from tests.support.rooms import closed_room

ROOM: Final = "designers"
Goes = Callable[[House, Person, Person], Awaitable[None]]


async def leaves(house: House, _admin: Person, owner: Person) -> None:
    await house.chat.memberships.leave(owner, ROOM)


async def removes_themselves(house: House, _admin: Person, owner: Person) -> None:
    await house.chat.memberships.remove(owner, ROOM, owner.username)


async def is_disabled(house: House, admin: Person, owner: Person) -> None:
    await house.chat.accounts.set_disabled(admin, owner.username, True)


async def roles(house: House) -> dict[str, str]:
    return dict(
        house.rows(
            "SELECT p.username, m.role FROM memberships m JOIN people p ON p.id = m.person_id "
            "JOIN rooms r ON r.id = m.room_id WHERE r.slug = 'designers'"
        )
    )


@pytest.fixture
async def owner(house: House, ada: Person) -> Person:
    """Owns the room, in which lin has been longer than bob."""
    owner = await house.person("zoe")
    await closed_room(house.chat, owner, ROOM)
    for name in ("lin", "bob"):
        house.clock.passes(seconds=1)
        await house.person(name)
        await house.chat.memberships.add(owner, ROOM, name)
    return owner


@pytest.mark.parametrize("goes", [leaves, removes_themselves, is_disabled])
async def test_whoever_has_been_in_longest_follows_the_last_owner(
    house: House, ada: Person, owner: Person, goes: Goes
) -> None:
    await goes(house, ada, owner)
    found = await roles(house)
    assert (found["lin"], found["bob"]) == ("owner", "member")
    assert house.rows("SELECT target FROM audit_log WHERE action = 'member.became_owner'") == [("lin",)]


async def test_a_disabled_person_does_not_follow(house: House, ada: Person, owner: Person) -> None:
    await house.chat.accounts.set_disabled(ada, "lin", True)
    await house.chat.memberships.leave(owner, ROOM)
    assert (await roles(house))["bob"] == "owner"


async def test_who_comes_back_owns_a_room_that_nobody_else_is_left_in(house: House, ada: Person, owner: Person) -> None:
    await house.chat.memberships.remove(owner, ROOM, "bob")
    await house.chat.accounts.set_disabled(ada, "lin", True)
    await house.chat.memberships.leave(owner, ROOM)
    assert await roles(house) == {"lin": "member"}
    await house.chat.accounts.set_disabled(ada, "lin", False)
    assert await roles(house) == {"lin": "owner"}


async def test_an_owner_who_comes_back_stays_one_beside_the_heir(house: House, ada: Person, owner: Person) -> None:
    for is_disabled in (True, False):
        await house.chat.accounts.set_disabled(ada, owner.username, is_disabled)
    assert await roles(house) == {"zoe": "owner", "lin": "owner", "bob": "member"}


async def test_nobody_follows_where_an_owner_stays(house: House, owner: Person) -> None:
    await house.chat.memberships.remove(owner, ROOM, "lin")
    assert await roles(house) == {"zoe": "owner", "bob": "member"}


async def test_who_enters_a_room_that_everybody_left_owns_it(house: House, ada: Person, grace: Person) -> None:
    await house.chat.rooms.create(ada, name="Designers", slug=ROOM)
    await house.chat.memberships.leave(ada, ROOM)
    await house.chat.memberships.join(grace, ROOM)
    assert await roles(house) == {"grace": "owner"}


async def test_general_has_no_owner(house: House, ada: Person, grace: Person) -> None:
    await house.chat.accounts.set_disabled(ada, "grace", True)
    assert house.rows("SELECT count(*) FROM memberships WHERE role = 'owner'") == [(0,)]
