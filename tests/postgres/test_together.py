"""Two processes on one database: one order, one key, one chain, and a right that ends, ends in both."""

from __future__ import annotations

import asyncio
from itertools import chain

import sqlalchemy as sa

from chatapp.core import circumstances
from chatapp.core.audit_log import Wanted
from chatapp.core.circumstances import Circumstances
from chatapp.core.errors import KeyUsed, NotFound
from chatapp.core.models import Message
from chatapp.storage import audit_log, memberships, postgres_audit
from chatapp.storage.batch import Batch
from chatapp.storage.database import Writer
from chatapp.storage.tables import meta, rooms
from tests.support.rounds import rounds
from tests.support.store import NOW, Store, all_at_once, indexes, post, versions

ROUNDS = rounds(10, 200)


async def test_two_journals_number_one_room_without_a_hole(first: Store, second: Store, url: str) -> None:
    ada = await first.person("ada")
    room = await first.room("designers", ada)

    async def talks(store: Store, name: str) -> list[Message]:
        return [await store.says(ada, f"{name} {n}", room, client_id=f"{name} {n}") for n in range(ROUNDS)]

    said = await asyncio.gather(*(talks(store, f"{n}") for n, store in enumerate((first, second) * 5)))
    assert sorted(indexes(list(chain(*said)))) == list(range(1, 10 * ROUNDS + 1))
    stored = await first.stored(room)
    assert indexes(stored) == versions(stored) == list(range(1, 10 * ROUNDS + 1))
    # Each heard its own, in their order, and nobody else's.
    for store in (first, second):
        assert versions(store.announced) == sorted(versions(store.announced))
        assert len(store.announced) == 5 * ROUNDS
    assert (await asyncio.to_thread(postgres_audit.audit, url)).findings == []


async def test_rooms_taken_in_different_orders_do_not_wait_for_each_other(first: Store, second: Store) -> None:
    ada = await first.person("ada")
    places = [await first.room(f"room-{n}", ada) for n in range(5)]
    works = (
        store.says(ada, f"{n}", room)
        for n in range(ROUNDS)
        for store, order in ((first, places), (second, places[::-1]))
        for room in order
    )
    found = await all_at_once(*works)
    assert [answer for answer in found if not isinstance(answer, Message)] == []
    for room in places:
        assert indexes(await first.stored(room)) == list(range(1, 2 * ROUNDS + 1))


async def test_a_client_id_is_one_key_for_both(first: Store, second: Store) -> None:
    ada = await first.person("ada")
    room = await first.room("designers", ada)
    for n in range(ROUNDS):
        both = await all_at_once(*(store.says(ada, "hello", room, client_id=f"{n}") for store in (first, second)))
        assert both[0] == both[1]
    assert indexes(await first.stored(room)) == list(range(1, ROUNDS + 1))


async def test_of_two_rooms_one_has_the_key(first: Store, second: Store) -> None:
    ada = await first.person("ada")
    places = [await first.room(name, ada) for name in ("designers", "writers")]
    for n in range(ROUNDS):
        pairs = zip((first, second), places, strict=True)
        # The neighbours of the change that comes second lose nothing by it.
        found = await all_at_once(
            *chain.from_iterable(
                (store.says(ada, "hello", room, client_id=f"{n}"), store.says(ada, "and more", room))
                for store, room in pairs
            )
        )
        assert sorted(type(answer).__name__ for answer in found[::2]) == ["KeyUsed", "Message"]
        assert all(isinstance(answer, Message) for answer in found[1::2])
    stored = [message for room in places for message in await first.stored(room)]
    assert len(stored) == 3 * ROUNDS
    assert any(isinstance(answer, KeyUsed) for answer in found)


async def test_who_is_removed_by_one_says_nothing_more_by_the_other(first: Store, second: Store) -> None:
    ada, grace = await first.person("ada"), await first.person("grace")
    room = await first.room("designers", ada, grace)
    for _ in range(ROUNDS):
        talk = [asyncio.create_task(second.says(grace, "still here", room)) for _ in range(5)]
        async with first.database.transaction() as tx:
            await memberships.delete(tx, room.id, grace.id)
            row = await tx.one(sa.select(rooms.c.last_index).where(rooms.c.id == room.id))
        late = await all_at_once(*(second.says(grace, "again", room) for _ in range(5)))
        assert [type(answer) for answer in late] == [NotFound] * 5
        await all_at_once(*talk)
        # Nothing of hers was stored behind the transaction that ended her right.
        assert row is not None
        assert len(await first.stored(room)) == row[0]
        async with first.database.transaction() as tx:
            await memberships.insert(tx, room.id, grace.id, "member", 0, NOW)


async def test_what_a_transaction_reads_stays_so_until_its_end(first: Store, second: Store) -> None:
    ada = await first.person("ada")
    room = await first.room("designers", ada)
    async with first.database.transaction() as tx:
        saying = asyncio.create_task(second.says(ada, "hello", room))
        writing = asyncio.create_task(_puts(second, "other"))
        await until_waiting(first, 1)
        await tx.execute(sa.insert(meta).values(key="mine", value=""))
        assert not saying.done()
    await asyncio.gather(saying, writing)
    keys = await first.database.all(sa.select(meta.c.key).where(meta.c.key.in_(["mine", "other"])).order_by(meta.c.key))
    assert [row[0] for row in keys] == ["mine", "other"]


async def test_batches_of_different_rooms_run_side_by_side(first: Store, second: Store) -> None:
    ada = await first.person("ada")
    places = [await first.room(name, ada) for name in ("designers", "writers")]

    async def holds(writer: Writer) -> None:
        await Batch([post(ada, "held", places[0])]).store(writer)
        assert (await second.says(ada, "free", places[1])).index == 1

    await first.database.batch(holds)
    assert indexes(await first.stored(places[0])) == [1]


async def test_moderators_in_both_write_one_chain(first: Store, second: Store, url: str) -> None:
    ada, grace = await first.person("ada"), await first.person("grace")
    room = await first.room("designers", ada, grace)
    await first.gives(room, to=grace)
    for n in range(2 * ROUNDS):
        await first.says(ada, f"{n}", room)
    with circumstances.under(Circumstances("192.0.2.7", "pytest")):
        works = [
            store.deletes(grace, index, room)
            for index in range(1, ROUNDS + 1)
            for store, index in ((first, 2 * index - 1), (second, 2 * index))
        ]
        found = await all_at_once(*works)
    assert [answer for answer in found if not isinstance(answer, Message)] == []
    assert len(await audit_log.newest(first.database, Wanted(), 1000)) == 2 * ROUNDS
    assert (await asyncio.to_thread(postgres_audit.audit, url)).findings == []


async def _puts(store: Store, key: str) -> None:
    async with store.database.transaction() as tx:
        await tx.execute(sa.insert(meta).values(key=key, value=""))


async def until_waiting(store: Store, count: int) -> None:
    """Return once so many connections wait for a lock."""
    asked = sa.text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    async with asyncio.timeout(10):
        while (await store.database.all(asked))[0][0] < count:  # noqa: ASYNC110 - nobody here is told
            await asyncio.sleep(0.01)
