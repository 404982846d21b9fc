"""Several processes allow as much as one: whoever is refused by one is refused by all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from chatapp.core.errors import ChatError, RateLimited, Unauthenticated
from chatapp.core.limits import MAILS, REQUESTS
from tests.postgres.several import Process, hear_each_other, processes, shared_settings
from tests.support.house import PASSWORD, House, open_house, until
from tests.support.redis_server import RedisServer
from tests.support.time import SettableClock

TRIES = 4


@pytest.fixture
async def houses(tmp_path: Path, url: str, clock: SettableClock) -> AsyncIterator[list[House]]:
    settings = shared_settings(tmp_path / "data", url, limits=True, login_tries=TRIES, registration="open")
    async with open_house(settings, clock) as one, open_house(settings, clock) as other:
        yield [one, other]


async def outcomes(*asked: Any) -> list[type[Exception] | None]:
    """What each came to, all at once."""
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert all(isinstance(each, ChatError) or not isinstance(each, BaseException) for each in found)
    return [type(each) if isinstance(each, Exception) else None for each in found]


def guess(house: House, name: str = "ada", password: str = "a guess", address: str = "192.0.2.1") -> Any:
    return house.chat.sign_in.with_password(name, password, remember=False, address=address, user_agent="")


async def test_of_guesses_that_come_to_all_at_once_as_many_are_looked_at_as_one_would(houses: list[House]) -> None:
    await houses[0].person("ada")
    # Few enough for the lines in front of the hashes, which refuse too.
    found = await outcomes(*(guess(houses[number % 2]) for number in range(3 * TRIES)))
    assert (found.count(Unauthenticated), found.count(RateLimited)) == (TRIES, 2 * TRIES)
    assert await outcomes(*map(guess, houses)) == [RateLimited] * 2
    # Somebody else goes on, from elsewhere.
    await houses[0].person("grace")
    assert await outcomes(*(guess(house, "grace", PASSWORD, "192.0.2.9") for house in houses)) == [None] * 2


async def test_a_right_password_is_forgiven_everywhere(houses: list[House]) -> None:
    await houses[0].person("ada")
    for number in range(3 * TRIES):
        house = houses[number % 2]
        assert await outcomes(guess(house)) == [Unauthenticated]
        assert await outcomes(guess(houses[1 - number % 2], password=PASSWORD)) == [None]
        # As fast as the pace of right passwords lets anybody.
        house.clock.passes(minutes=1)


async def test_who_starts_later_knows_what_was_tried(houses: list[House], tmp_path: Path, clock: SettableClock) -> None:
    await houses[0].person("ada")
    assert await outcomes(*(guess(houses[0]) for _ in range(TRIES))) == [Unauthenticated] * TRIES
    async with open_house(houses[0].settings, clock) as late:
        assert await outcomes(guess(late)) == [RateLimited]
        assert await outcomes(guess(late, "nobody", address="192.0.2.7")) == [Unauthenticated]


async def test_strangers_register_and_ask_for_links_as_often_as_with_one(houses: list[House]) -> None:
    def register(number: int) -> Any:
        return houses[number % 2].chat.accounts.register(
            username=f"person{number}", email=f"person{number}@example.org", password=PASSWORD, address="192.0.2.1"
        )

    found = [await outcomes(register(number)) for number in range(REQUESTS + 4)]
    assert found == [[None]] * REQUESTS + [[RateLimited]] * 4
    found = [
        await outcomes(houses[number % 2].chat.links.request_reset("ada@example.org", address="192.0.2.1"))
        for number in range(REQUESTS + 4)
    ]
    assert found == [[None]] * REQUESTS + [[RateLimited]] * 4


async def test_one_address_gets_as_many_mails_as_with_one(houses: list[House]) -> None:
    ada = await houses[0].person("ada")
    for number in range(2 * MAILS):
        house = houses[number % 2]
        async with house.database.transaction() as tx:
            await house.chat.letters.reset(tx, ada)
        house.clock.passes(seconds=61)
    assert len(await houses[0].letters()) == MAILS


@pytest.fixture
async def two(tmp_path: Path, url: str, either_redis_url: str) -> AsyncIterator[list[Process]]:
    """Processes with either bus."""
    numbers = {"limits": True, "message_burst": 8, "messages_per_minute": 1, "sockets_per_person": 4}
    async with processes(2, shared_settings(tmp_path / "data", url, redis_url=either_redis_url, **numbers)) as found:
        await hear_each_other(found)
        yield found


async def member(process: Process, username: str) -> tuple[int, dict[str, str]]:
    """Their id, and the header that lets them in."""
    accounts = process.chat.accounts
    person = await accounts.add(username=username, email=f"{username}@example.org", password=PASSWORD)
    secret, _ = await process.chat.sign_in.with_password(username, PASSWORD, remember=True, address="", user_agent="")
    identity = await process.chat.sign_in.by_session(secret)
    assert identity is not None
    _, token = await process.chat.sign_in.create_token(identity.person, "test", None)
    return person.id, {"Authorization": f"Bearer {token}"}


async def says(process: Process, header: dict[str, str]) -> int:
    async with process.client.post("/api/v1/rooms/general/messages", json={"content": "hi"}, headers=header) as answer:
        return answer.status


async def test_who_writes_to_both_writes_as_much_as_to_one(two: list[Process]) -> None:
    ada, header = await member(two[0], "ada")
    _, others = await member(two[0], "grace")
    # At once, so that what is told is told in one breath: each time the same.
    assert sorted(await asyncio.gather(*(says(two[0], header) for _ in range(9)))) == [201] * 8 + [429]
    # What is less than an eighth is not told.
    await until(lambda: two[1].chat.limits._messages.wait(ada) > 0)
    assert await says(two[1], header) == 429
    assert await says(two[1], others) == 201


async def test_who_holds_sockets_on_both_holds_as_many_as_on_one(two: list[Process]) -> None:
    ada, header = await member(two[0], "ada")
    held = [await two[number % 2].client.ws_connect("/ws", headers=header) for number in range(4)]
    for process in two:
        await until(lambda process=process: process.chat.limits.sockets.is_full(ada))  # type: ignore[misc]
        async with process.client.get("/ws", headers=upgrade(header)) as answer:
            assert answer.status == 503
    await held[0].close()
    await until(lambda: not two[1].chat.limits.sockets.is_full(ada))
    held.append(await two[1].client.ws_connect("/ws", headers=header))
    for ws in held[1:]:
        await ws.close()


def upgrade(header: dict[str, str]) -> dict[str, str]:
    key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}
    return {**header, **key, "Connection": "Upgrade", "Upgrade": "websocket"}


async def test_a_dead_redis_locks_nobody_out_and_each_goes_on_counting(tmp_path: Path, url: str) -> None:
    with RedisServer() as redis:
        settings = shared_settings(
            tmp_path / "data", url, redis_url=redis.url, limits=True, message_burst=8, messages_per_minute=1
        )
        async with processes(2, settings) as two:
            _, header = await member(two[0], "ada")
            redis.kill()
            await until(lambda: all(process.bus._is_away for process in two))
            for process in two:
                assert [await says(process, header) for _ in range(9)] == [201] * 8 + [429]
            # Tries are counted by the database.
            found = [await outcomes(wrong(two[number % 2])) for number in range(settings.login_tries + 2)]
            assert found == [[Unauthenticated]] * settings.login_tries + [[RateLimited]] * 2


def wrong(process: Process) -> Any:
    return process.chat.sign_in.with_password("ada", "a guess", remember=False, address="192.0.2.1", user_agent="")
