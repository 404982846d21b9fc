"""The outbox is worked off: at once, one at a time, again after trouble, and after a crash."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from chatapp.core.errors import Unavailable
from chatapp.domain.outbox import CLAIM_MS, MOST_ATTEMPTS, Job
from chatapp.jobs import runner
from chatapp.jobs.runner import Runner
from chatapp.settings import Settings
from tests.support.house import House, open_house, until
from tests.support.time import SettableClock


@pytest.fixture
async def house(settings: Settings, clock: SettableClock) -> AsyncIterator[House]:
    async with open_house(settings, clock) as opened:
        yield opened


async def put(house: House, *payloads: str, kind: str = "mail") -> None:
    async with house.database.transaction() as tx:
        for payload in payloads:
            await house.chat.outbox.put(tx, kind, payload)


def waiting(house: House) -> list[tuple[int, int | None]]:
    """Failed attempts and when parked, of every row that is left."""
    return house.rows("SELECT attempts, parked_at FROM outbox ORDER BY id")


async def test_a_job_is_done_as_soon_as_it_is_committed(house: House) -> None:
    done: list[str] = []

    async def deliver(payload: str) -> None:
        done.append(payload)

    await put(house, "before the start")
    async with Runner(house.chat.outbox, {"mail": deliver}):
        await until(lambda: done == ["before the start"])
        await put(house, "one", "two")
        await until(lambda: done == ["before the start", "one", "two"])
        await until(lambda: waiting(house) == [])


async def test_jobs_are_done_one_at_a_time(house: House) -> None:
    running, most, done = 0, 0, 0

    async def deliver(payload: str) -> None:
        nonlocal running, most, done
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.001)
        running -= 1
        done += 1

    async with Runner(house.chat.outbox, {"mail": deliver}):
        await asyncio.gather(*(put(house, str(n)) for n in range(10)))
        await until(lambda: done == 10)
    assert most == 1


async def test_a_job_that_fails_is_tried_again_later_and_others_go_on(house: House) -> None:
    tried: list[str] = []

    async def deliver(payload: str) -> None:
        tried.append(payload)
        if tried == ["flaky"]:
            raise ConnectionRefusedError("no server")

    async with Runner(house.chat.outbox, {"mail": deliver}):
        await put(house, "flaky", "sound")
        await until(lambda: tried == ["flaky", "sound"] and waiting(house) == [(1, None)])
        house.clock.passes(seconds=5)
        house.chat.outbox.wake()
        await until(lambda: tried == ["flaky", "sound", "flaky"] and waiting(house) == [])


async def test_a_poisonous_job_is_parked_with_its_error(house: House) -> None:
    async def deliver(payload: str) -> None:
        raise ValueError("line breaks in a header")

    await put(house, "poison")
    async with Runner(house.chat.outbox, {"mail": deliver}):
        for attempt in range(1, MOST_ATTEMPTS + 1):
            await until(lambda attempt=attempt: waiting(house)[0][0] == attempt)  # type: ignore[misc]
            house.clock.passes(days=1)
            house.chat.outbox.wake()
    (parked,) = await house.chat.outbox.parked()
    assert parked.error == "ValueError: line breaks in a header"


async def test_a_job_of_an_unknown_kind_stops_nobody(house: House) -> None:
    done: list[str] = []

    async def deliver(payload: str) -> None:
        done.append(payload)

    await put(house, "from a later version", kind="telegram")
    await put(house, "sound")
    async with Runner(house.chat.outbox, {"mail": deliver}):
        await until(lambda: done == ["sound"])
    assert waiting(house) == [(1, None)]


async def test_a_job_that_hangs_is_given_up_for_now(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "JOB_SECONDS", 0.01)

    async def deliver(payload: str) -> None:
        await asyncio.Event().wait()

    await put(house, "hangs")
    async with Runner(house.chat.outbox, {"mail": deliver}):
        await until(lambda: waiting(house) == [(1, None)])


async def test_a_crash_in_the_middle_does_the_job_again(house: House) -> None:
    begun = asyncio.Event()

    async def dies(payload: str) -> None:
        begun.set()
        await asyncio.Event().wait()

    await put(house, "one")
    first = Runner(house.chat.outbox, {"mail": dies})
    await first.__aenter__()
    await begun.wait()
    assert first.task is not None
    first.task.cancel()
    await asyncio.gather(first.task, return_exceptions=True)
    # Where others may do it too, it is taken for so long.
    house.clock.now += CLAIM_MS
    done: list[str] = []

    async def deliver(payload: str) -> None:
        done.append(payload)

    async with Runner(house.chat.outbox, {"mail": deliver}):
        await until(lambda: done == ["one"])


async def test_stopping_lets_the_job_in_hand_end_and_begins_no_other(house: House) -> None:
    begun, done = asyncio.Event(), list[str]()

    async def deliver(payload: str) -> None:
        begun.set()
        await asyncio.sleep(0.05)
        done.append(payload)

    await put(house, "one", "two")
    async with Runner(house.chat.outbox, {"mail": deliver}):
        await begun.wait()
    assert done == ["one"]
    assert waiting(house) == [(0, None)]


async def test_trouble_with_the_database_does_not_end_the_runner(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "AFTER_TROUBLE_SECONDS", 0.0)
    done: list[str] = []
    following, troubles = house.chat.outbox.next, 0

    async def deliver(payload: str) -> None:
        done.append(payload)

    async def locked() -> Job | None:
        nonlocal troubles
        troubles += 1
        if troubles < 4:
            raise Unavailable
        return await following()

    monkeypatch.setattr(house.chat.outbox, "next", locked)
    await put(house, "one")
    async with Runner(house.chat.outbox, {"mail": deliver}):
        await until(lambda: done == ["one"])
    assert troubles >= 4
