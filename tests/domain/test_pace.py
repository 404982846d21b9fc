"""Everything a person does has a pace: a loop is slowed, and nobody else with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

import pytest

from chatapp.core import limits
from chatapp.core.errors import ChatError, RateLimited
from chatapp.core.limits import Act
from chatapp.core.models import Person
from tests.support.house import House

Deed = Callable[[House, Person, int], Awaitable[object]]


async def deletes(house: House, who: Person, number: int) -> None:
    await house.chat.messages.delete(who, "general", number + 1)


async def reacts(house: House, who: Person, number: int) -> None:
    await house.chat.reactions.add(who, "general", number + 1, "👍")


async def takes_back(house: House, who: Person, number: int) -> None:
    await house.chat.reactions.remove(who, "general", number + 1, "👍")


async def pins(house: House, who: Person, number: int) -> None:
    await house.chat.pins.add(who, "general", number + 1)


async def joins(house: House, who: Person, _number: int) -> None:
    await house.chat.memberships.join(who, "general")


async def leaves(house: House, who: Person, _number: int) -> None:
    await house.chat.memberships.leave(who, "general")


async def brings_in(house: House, who: Person, _number: int) -> None:
    await house.chat.memberships.add(who, "general", "linus")


async def removes(house: House, who: Person, _number: int) -> None:
    await house.chat.memberships.remove(who, "general", "linus")


async def reads(house: House, who: Person, number: int) -> None:
    await house.chat.memberships.mark_read(who, "general", number)


async def types(house: House, who: Person, _number: int) -> None:
    await house.chat.messages.note_typing(who, "general", is_active=True)


async def makes_rooms(house: House, who: Person, number: int) -> None:
    await house.chat.rooms.create(who, name=f"{who.username} {number}")


async def invites(house: House, who: Person, _number: int) -> None:
    await house.chat.invites.create(who)


async def makes_tokens(house: House, who: Person, number: int) -> None:
    await house.chat.sign_in.create_token(who, f"token {number}", 1)


async def makes_jwts(house: House, who: Person, _number: int) -> None:
    await house.chat.sign_in.create_jwt(who)


async def changes_the_theme(house: House, who: Person, _number: int) -> None:
    await house.chat.accounts.set_theme(who, "dark")


async def changes_the_profile(house: House, who: Person, number: int) -> None:
    await house.chat.accounts.update_profile(who, display_name=f"Ada {number}", time_zone="")


async def ends_a_session(house: House, who: Person, _number: int) -> None:
    await house.chat.sign_in.end_session(who, "no such session")


async def renames_a_room(house: House, who: Person, number: int) -> None:
    await house.chat.rooms.update(who, "general", topic=f"Topic {number}")


DEEDS: Final[dict[Deed, Act]] = {
    deletes: "delete",
    reacts: "reaction",
    takes_back: "reaction",
    pins: "pin",
    joins: "membership",
    leaves: "membership",
    brings_in: "membership",
    removes: "membership",
    reads: "read",
    types: "typing",
    makes_rooms: "room",
    invites: "invite",
    makes_tokens: "token",
    makes_jwts: "token",
    changes_the_theme: "settings",
    changes_the_profile: "settings",
    renames_a_room: "settings",
    ends_a_session: "settings",
}


async def refusal(house: House, who: Person, deed: Deed, number: int) -> type[ChatError] | None:
    try:
        await deed(house, who, number)
    except ChatError as error:
        return type(error)
    return None


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
async def test_a_loop_is_slowed_and_nobody_else(house: House, ada: Person, deed: Deed) -> None:
    grace = await house.person("grace", is_admin=True)
    await house.person("linus")
    burst, per_minute = limits.ACTS[DEEDS[deed]]
    answers = [await refusal(house, ada, deed, number) for number in range(burst + 1)]
    assert RateLimited not in answers[:-1]
    assert answers[-1] is RateLimited
    assert await refusal(house, grace, deed, 0) is not RateLimited
    house.clock.passes(seconds=60 / per_minute)
    assert await refusal(house, ada, deed, burst) is not RateLimited


async def test_one_mail_address_is_not_filled_with_mails(house: House) -> None:
    await house.person("ada")
    sent = 0
    for number in range(3 * limits.MAILS):
        await house.chat.links.request_reset("ada@example.org", address=f"192.0.2.{number}")
        sent += len(await house.letters())
        house.clock.passes(minutes=2)
    assert sent == limits.MAILS
    house.clock.passes(minutes=60)
    await house.chat.links.request_reset("ada@example.org")
    assert len(await house.letters()) == 1
