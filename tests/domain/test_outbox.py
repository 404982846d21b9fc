"""Jobs are rows: none is lost, none is done twice without need, a hopeless one is set aside."""

from __future__ import annotations

import asyncio

import pytest
from cryptography.fernet import Fernet

from chatapp.core.sealing import Sealer
from chatapp.domain import outbox
from chatapp.storage import outbox as rows
from chatapp.storage import secrets
from chatapp.web.session import PURPOSE
from tests.support.house import House


async def put(house: House, *payloads: str) -> None:
    async with house.database.transaction() as tx:
        for payload in payloads:
            await house.chat.outbox.put(tx, "mail", payload)


async def test_jobs_come_in_the_order_they_were_put_in(house: House) -> None:
    await put(house, "one", "two")
    done = []
    while job := await house.chat.outbox.next():
        done.append(house.chat.outbox.payload(job))
        await house.chat.outbox.done(job)
    assert done == ["one", "two"]


async def test_a_job_stays_until_it_is_done(house: House) -> None:
    await put(house, "one")
    first = await house.chat.outbox.next()
    # Where others may do it too, it is this process's until then.
    house.clock.now += outbox.CLAIM_MS
    assert first == await house.chat.outbox.next() is not None


async def test_nothing_is_done_for_a_transaction_that_failed(house: House) -> None:
    with pytest.raises(ZeroDivisionError):
        await put_and_fail(house)
    assert await house.chat.outbox.next() is None


async def put_and_fail(house: House) -> None:
    async with house.database.transaction() as tx:
        await house.chat.outbox.put(tx, "mail", "one")
        raise ZeroDivisionError


async def test_the_payload_rests_sealed(house: House) -> None:
    await put(house, "a link that opens an account")
    assert "link" not in str(house.rows("SELECT payload FROM outbox"))


async def test_mail_that_was_sealed_before_is_still_sent(house: House) -> None:
    key = secrets.load(house.settings.data).session_keys[0]
    await put_sealed(house, Fernet(key).encrypt(b"a link").decode())
    job = await house.chat.outbox.next()
    assert job is not None
    assert house.chat.outbox.payload(job) == "a link"


async def test_what_was_sealed_for_something_else_is_no_mail(house: House) -> None:
    keys = secrets.load(house.settings.data).session_keys
    await put_sealed(house, Sealer(PURPOSE, keys).seal(b"a cookie"))
    job = await house.chat.outbox.next()
    assert job is not None
    with pytest.raises(ValueError, match="key"):
        house.chat.outbox.payload(job)


async def put_sealed(house: House, sealed: str) -> None:
    async with house.database.transaction() as tx:
        await rows.insert(tx, kind="mail", payload=sealed, at=house.clock.now)


async def test_a_failed_job_is_tried_ever_later_and_then_parked(house: House) -> None:
    await put(house, "one")
    pauses = []
    for attempt in range(1, outbox.MOST_ATTEMPTS + 1):
        job = await house.chat.outbox.next()
        assert job is not None
        assert job.attempts == attempt - 1
        is_last = await house.chat.outbox.failed(job, "no route to host")
        assert is_last is (attempt == outbox.MOST_ATTEMPTS)
        assert await house.chat.outbox.next() is None
        pauses.append(5 * 2 ** (attempt - 1))
        house.clock.passes(seconds=pauses[-1])
    house.clock.passes(days=365)
    assert await house.chat.outbox.next() is None
    (parked,) = await house.chat.outbox.parked()
    assert (parked.kind, parked.error) == ("mail", "no route to host")


async def test_a_job_that_must_wait_holds_up_no_other(house: House) -> None:
    await put(house, "poison", "sound")
    job = await house.chat.outbox.next()
    assert job is not None
    await house.chat.outbox.failed(job, "x" * 10_000)
    following = await house.chat.outbox.next()
    assert following is not None
    assert house.chat.outbox.payload(following) == "sound"
    assert house.rows("SELECT max(length(error)) FROM outbox") == [(outbox.LONGEST_ERROR,)]


async def test_who_waits_is_woken_by_the_commit(house: House) -> None:
    waiting = asyncio.create_task(house.chat.outbox.wait())
    await asyncio.sleep(0)
    await put(house, "one")
    await asyncio.wait_for(waiting, 5)


async def test_nothing_falls_between_looking_and_waiting(house: House) -> None:
    assert await house.chat.outbox.next() is None
    await put(house, "one")
    await asyncio.wait_for(house.chat.outbox.wait(), 5)
    assert await house.chat.outbox.next() is not None
