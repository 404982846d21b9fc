"""Who is shut out is out by every way in, also by those they were just taking."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Final

import jwt
import pytest

from chatapp.core.errors import ChatError
from chatapp.core.models import Person
from chatapp.settings import Settings
from tests.support.house import HERE, PASSWORD, House, open_house, succeeded
from tests.support.rounds import rounds
from tests.support.time import SettableClock

SHARED: Final = "a secret of at least thirty-two bytes"
ROUNDS: Final = rounds(40, 1_000)
NEW: Final = "a wholly new password"
Way = Callable[[House, Person], Awaitable[Callable[[], Awaitable[object]]]]


@pytest.fixture
async def house(settings: Settings, clock: SettableClock) -> AsyncIterator[House]:
    wanted = replace(settings, shared_jwt_secret=SHARED, registration="open", limits=False)
    async with open_house(wanted, clock) as opened:
        yield opened


async def by_cookie(house: House, grace: Person) -> Callable[[], Awaitable[object]]:
    secret, _ = await house.chat.sign_in.with_password("grace", PASSWORD, remember=True, **HERE)
    return lambda: house.chat.sign_in.by_session(secret)


async def by_personal_token(house: House, grace: Person) -> Callable[[], Awaitable[object]]:
    _, secret = await house.chat.sign_in.create_token(grace, "script", None)
    return lambda: house.chat.sign_in.by_token(secret)


async def by_jwt(house: House, grace: Person) -> Callable[[], Awaitable[object]]:
    _, secret = await house.chat.sign_in.create_jwt(grace)
    return lambda: house.chat.sign_in.by_token(secret)


async def by_shared_jwt(house: House, grace: Person) -> Callable[[], Awaitable[object]]:
    secret = jwt.encode({"username": "grace"}, SHARED)
    return lambda: house.chat.sign_in.by_token(secret)


async def by_ticket(house: House, grace: Person) -> Callable[[], Awaitable[object]]:
    identity = await house.signs_in("grace")

    async def use() -> object:
        found = await house.chat.tickets.use(await house.chat.tickets.create(identity, ""), "")
        return found is not None and await house.chat.sign_in.is_valid(found)

    return use


async def by_password(house: House, grace: Person) -> Callable[[], Awaitable[object]]:
    return lambda: house.signs_in("grace")


async def by_password_for_a_token(house: House, grace: Person) -> Callable[[], Awaitable[object]]:
    return lambda: house.chat.sign_in.check_password("grace", PASSWORD, address="")


async def by_reset_link(house: House, grace: Person) -> Callable[[], Awaitable[object]]:
    secret = await house.reset_secret("grace@example.org")
    return lambda: house.chat.links.reset(secret, NEW)


async def by_a_new_reset_link(house: House, grace: Person) -> Callable[[], Awaitable[object]]:
    async def ask() -> object:
        await house.chat.links.request_reset("grace@example.org")
        return await house.letters()

    return ask


async def by_a_session_begun_otherwise(house: House, grace: Person) -> Callable[[], Awaitable[object]]:
    return lambda: house.chat.sign_in.start_session(grace, remember=False, **HERE)


async def by_making_a_token(house: House, grace: Person) -> Callable[[], Awaitable[object]]:
    return lambda: house.chat.sign_in.create_token(grace, "late", None)


WAYS: Final[list[Way]] = [
    *(by_cookie, by_personal_token, by_jwt, by_shared_jwt, by_ticket, by_password, by_password_for_a_token),
    *(by_a_new_reset_link, by_reset_link, by_a_session_begun_otherwise, by_making_a_token),
]


async def came_in(way: Callable[[], Awaitable[object]]) -> bool:
    try:
        return bool(await way())
    except ChatError:
        return False


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_every_way_in_is_shut(house: House, way: Way) -> None:
    ada, grace = await house.person("ada", is_admin=True), await house.person("grace")
    take = await way(house, grace)
    if way is not by_reset_link:
        # Which can be used once, and so is not tried beforehand.
        assert await came_in(take)
    await house.chat.accounts.set_disabled(ada, "grace", True)
    assert not await came_in(take)


async def test_a_link_to_confirm_an_address_opens_no_disabled_account(house: House) -> None:
    ada = await house.person("ada", is_admin=True)
    await house.registers("linus")
    secret = await house.secret("verify")
    await house.chat.accounts.set_disabled(ada, "linus", True)
    assert not await came_in(lambda: house.chat.links.verify(secret))


async def test_an_invitation_makes_no_second_account_of_a_disabled_one(house: House) -> None:
    ada, _ = await house.person("ada", is_admin=True), await house.person("grace")
    _, invite = await house.chat.invites.create(ada)
    await house.chat.accounts.set_disabled(ada, "grace", True)
    assert not await came_in(lambda: house.registers("grace", invite=invite))


@pytest.mark.timeout(300)
async def test_no_request_that_races_with_it_leaves_a_way_in(house: House) -> None:
    ada, grace = await house.person("ada", is_admin=True), await house.person("grace")
    sign_in, disable = house.chat.sign_in, house.chat.accounts.set_disabled
    left = 0
    for _ in range(ROUNDS):
        secret = await sign_in.start_session(grace, remember=True, **HERE)
        _, token = await sign_in.create_token(grace, "script", 1)
        socket = house.connects(await house.signs_in("grace"))
        made = await succeeded(
            *(sign_in.by_session(secret) for _ in range(3)),
            sign_in.start_session(grace, remember=True, **HERE),
            disable(ada, "grace", True),
            *(sign_in.by_session(secret) for _ in range(3)),
            sign_in.start_session(grace, remember=True, **HERE),
        )
        secrets = [secret, *(each for each in made if isinstance(each, str))]
        left += sum([bool(await sign_in.by_session(each)) for each in secrets])
        left += bool(await sign_in.by_token(token))
        assert socket.closed == [4401]
        house.chat.hub.exit(socket)
        await disable(ada, "grace", False)
        # Being let in again opens none of the old sessions.
        left += sum([bool(await sign_in.by_session(each)) for each in secrets])
        house.rows("DELETE FROM tokens")
    print(f"{ROUNDS} times disabled during requests: {left} credentials worked after it")
    assert left == 0
    await asyncio.sleep(0)
