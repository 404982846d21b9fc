"""Guessing passwords is slow wherever it comes from, costs nobody else anything, and locks no owner out."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from typing import Final

import pytest

from chatapp.core.errors import ChatError, RateLimited, Unauthenticated
from chatapp.core.models import Identity
from chatapp.core.passwords import Hasher
from chatapp.domain import hashing
from tests.support.house import PASSWORD, House, until
from tests.support.rounds import rounds

TRIES: Final = rounds(1_000, 10_000)
ADDRESSES: Final = rounds(100, 1_000)
MOST_AN_HOUR: Final = 100
HOUR: Final = 3_600


@pytest.fixture
def looked_at(monkeypatch: pytest.MonkeyPatch) -> Counter[bool]:
    """How many passwords reached the hash, by whether they were right."""
    seen: Counter[bool] = Counter()

    def cheap(_hasher: Hasher, password: str, _phc: str) -> bool:
        seen[password == PASSWORD] += 1
        return password == PASSWORD

    monkeypatch.setattr(Hasher, "is_right", cheap)
    return seen


async def tries(house: House, name: str, password: str, address: str, device: str = "") -> type[ChatError] | None:
    try:
        await house.chat.sign_in.with_password(
            name, password, remember=False, address=address, user_agent="", device=device
        )
    except ChatError as refusal:
        return type(refusal)
    return None


def address(number: int) -> str:
    return f"198.{18 + number // 65_536}.{number // 256 % 256}.{number % 256}"


async def test_of_guesses_at_one_account_a_hundred_an_hour_are_looked_at(
    house: House, looked_at: Counter[bool]
) -> None:
    ada = await house.person("ada")
    device = house.chat.sign_in.device_of(ada)
    for number in range(TRIES):
        name = ("ada", "ada@example.org")[number % 2]
        await tries(house, name, f"guess {number}", address(number % ADDRESSES))
        house.clock.passes(seconds=0.9 * HOUR / TRIES)
    print(f"{TRIES} guesses from {ADDRESSES} addresses within an hour: {looked_at[False]} were looked at")
    assert 0 < looked_at[False] <= MOST_AN_HOUR
    # From a new browser the account is closed for now. From one that it has used before it is open.
    assert await tries(house, "ada", PASSWORD, "192.0.2.1") is RateLimited
    assert await tries(house, "ada", PASSWORD, "192.0.2.1", device) is None
    # Nor does the owner's success give the others new guesses.
    assert await tries(house, "ada", "another guess", address(0)) is RateLimited


async def test_one_address_gets_no_further_with_many_accounts(house: House, looked_at: Counter[bool]) -> None:
    for name in ("ada", "grace", "linus"):
        await house.person(name)
    for number in range(TRIES):
        name = ("ada", "grace", "linus")[number] if number < 3 else f"person{number}"
        await tries(house, name, "Password2026", "192.0.2.1")
    assert looked_at[False] == house.settings.login_tries
    assert await tries(house, "ada", PASSWORD, "192.0.2.2") is None


def noted(house: House) -> int:
    """How often the audit log says that logins were refused."""
    return len(house.rows("SELECT id FROM audit_log WHERE action = 'login.limited'"))


async def test_a_flood_of_logins_is_noted_once_an_hour_for_an_account_and_for_an_address(
    house: House, looked_at: Counter[bool]
) -> None:
    await house.person("ada")
    for number in range(2 * MOST_AN_HOUR):
        await tries(house, "ada", "wrong password", address(number))
    assert noted(house) == 1
    for number in range(10 * house.settings.login_tries):
        await tries(house, f"person{number}", "wrong password", "192.0.2.1")
    assert noted(house) == 2
    house.clock.passes(seconds=HOUR)
    for _ in range(2 * house.settings.login_tries):
        await tries(house, "ada", "wrong password", "192.0.2.1")
    assert noted(house) == 3


async def test_a_try_that_finds_no_place_in_line_is_not_counted(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    ada = await house.person("ada")
    with monkeypatch.context() as full:
        full.setattr(hashing, "MOST_WAITING", 0)
        for _ in range(MOST_AN_HOUR):
            assert await tries(house, "ada", PASSWORD, "192.0.2.1") is RateLimited
            with pytest.raises(RateLimited):
                await house.chat.accounts.change_password(
                    ada, current=PASSWORD, new="another horse", keep=Identity(ada)
                )
    assert await tries(house, "ada", PASSWORD, "192.0.2.1") is None
    assert noted(house) == 0


async def test_the_closed_account_opens_by_itself(house: House, looked_at: Counter[bool]) -> None:
    await house.person("ada")
    for number in range(MOST_AN_HOUR):
        await tries(house, "ada", "wrong password", address(number))
    assert await tries(house, "ada", PASSWORD, "192.0.2.1") is RateLimited
    house.clock.passes(seconds=HOUR)
    assert await tries(house, "ada", PASSWORD, "192.0.2.1") is None


async def test_a_known_browser_has_its_tries_and_no_more(house: House, looked_at: Counter[bool]) -> None:
    ada = await house.person("ada")
    device = house.chat.sign_in.device_of(ada)
    for number in range(3 * house.settings.login_tries):
        await tries(house, "ada", "wrong password", address(number), device)
    assert looked_at[False] == house.settings.login_tries


async def test_a_mark_of_ones_own_account_helps_with_no_other(house: House, looked_at: Counter[bool]) -> None:
    await house.person("ada")
    own = house.chat.sign_in.device_of(await house.person("eve"))
    for _ in range(2 * house.settings.login_tries):
        await tries(house, "ada", "wrong password", "192.0.2.1", own)
    assert looked_at[False] == house.settings.login_tries


async def test_of_a_flood_few_wait_in_line_and_one_is_at_work(
    unhurried: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_work: list[int] = [0, 0]
    gate = threading.Event()
    is_right = Hasher.is_right

    def watched(hasher: Hasher, password: str, phc: str) -> bool:
        gate.wait(10)
        at_work[0] += 1
        at_work[1] = max(at_work)
        try:
            return is_right(hasher, password, phc)
        finally:
            at_work[0] -= 1

    ada = await unhurried.person("ada")
    device = unhurried.chat.sign_in.device_of(ada)
    monkeypatch.setattr(Hasher, "is_right", watched)
    flood = [asyncio.create_task(tries(unhurried, "ada", "wrong", address(n))) for n in range(200)]
    await until(lambda: sum(task.done() for task in flood) == 200 - hashing.MOST_WAITING // 2)
    # Half of the line is theirs: the other half stays free for who is known.
    owner = asyncio.create_task(tries(unhurried, "ada", PASSWORD, "192.0.2.1", device))
    await asyncio.wait([owner], timeout=0)
    gate.set()
    half = hashing.MOST_WAITING // 2
    assert Counter(await asyncio.gather(*flood)) == {Unauthenticated: half, RateLimited: 200 - half}
    assert await owner is None
    assert at_work == [0, 1]


async def test_one_member_or_one_network_does_not_fill_the_line(
    unhurried: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()
    is_right = Hasher.is_right

    def held(hasher: Hasher, password: str, phc: str) -> bool:
        gate.wait(10)
        return is_right(hasher, password, phc)

    eve, _ = await unhurried.person("eve"), await unhurried.person("ada")
    marks = [unhurried.chat.sign_in.device_of(eve) for _ in range(40)]
    monkeypatch.setattr(Hasher, "is_right", held)
    member = [asyncio.create_task(tries(unhurried, "eve", PASSWORD, address(n), mark)) for n, mark in enumerate(marks)]
    others = [asyncio.create_task(tries(unhurried, f"person{n}", PASSWORD, "192.0.2.1")) for n in range(40)]
    refused = 80 - hashing.MOST_OF_ONE - hashing.MOST_OF_NETWORK
    await until(lambda: sum(task.done() for task in member + others) >= refused)
    ada = asyncio.create_task(tries(unhurried, "ada", PASSWORD, "198.51.100.7"))
    await asyncio.wait([ada], timeout=0)
    gate.set()
    assert await ada is None
    assert Counter(await asyncio.gather(*member)) == {None: hashing.MOST_OF_ONE, RateLimited: 40 - hashing.MOST_OF_ONE}
    assert Counter(await asyncio.gather(*others))[Unauthenticated] == hashing.MOST_OF_NETWORK
