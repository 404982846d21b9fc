"""The single way into a room's log: stored, then answered, then told."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from chatapp.core.errors import ChatError, Forbidden, NotFound
from chatapp.core.models import Person, Room
from chatapp.storage import journal as journals
from chatapp.storage import people
from chatapp.storage.portions import ANSWERS_A_TURN
from tests.support.engine import behind_its_back
from tests.support.store import Store, all_at_once, contents, indexes, versions
from tests.support.time import eventually

# Rules


async def test_indexes_and_versions_count_from_one_without_a_hole(store: Store, ada: Person, room: Room) -> None:
    found = await all_at_once(*(store.says(ada, f"message {n}", room) for n in range(250)))
    more = [await store.says(ada, "one by one", room) for _ in range(5)]
    assert sorted(indexes([*found, *more])) == list(range(1, 256))
    assert indexes(await store.stored(room)) == list(range(1, 256))
    assert versions(await store.stored(room)) == list(range(1, 256))


async def test_each_room_counts_for_itself(store: Store, ada: Person, room: Room) -> None:
    other = await store.room("ops", ada)
    found = await all_at_once(*(store.says(ada, "hello", place) for place in (room, other, room, other, other)))
    assert indexes(found) == [1, 1, 2, 2, 3]


async def test_what_comes_while_a_commit_runs_is_one_commit(store: Store, ada: Person, room: Room) -> None:
    async with store.database.write_lock:
        first = asyncio.ensure_future(store.says(ada, "first", room))
        await asyncio.sleep(0)
        await eventually(lambda: not store.journal._waiting)
        rest = [asyncio.ensure_future(store.says(ada, f"{n}", room)) for n in range(40)]
        await asyncio.sleep(0)
    await all_at_once(first, *rest)
    assert [len(changes) for _, changes in store.calls] == [1, 40]


async def test_a_thousand_at_once_are_stored_in_the_order_they_came(store: Store, ada: Person, room: Room) -> None:
    count = journals.BATCH + 100
    found = await all_at_once(*(store.says(ada, f"{n}", room, client_id=f"key {n}") for n in range(count)))
    assert indexes(found) == list(range(1, count + 1))
    assert contents(await store.stored(room)) == [f"{n}" for n in range(count)]


async def test_answers_of_one_commit_come_in_several_turns(store: Store, ada: Person, room: Room) -> None:
    turn, answered = 0, Counter[int]()

    def counts_turns() -> None:
        nonlocal turn
        turn += 1
        ticking = asyncio.get_running_loop().call_soon(counts_turns)
        if sum(answered.values()) == len(all_said):
            ticking.cancel()

    async def says(number: int) -> None:
        await store.says(ada, f"{number}", room)
        answered[turn] += 1

    async with store.database.write_lock:
        all_said = [asyncio.ensure_future(says(number)) for number in range(3 * ANSWERS_A_TURN)]
        await eventually(lambda: len(store.journal._waiting) in {0, len(all_said)})
        counts_turns()
    await all_at_once(*all_said)
    assert max(answered.values()) <= ANSWERS_A_TURN


async def test_the_answer_is_what_is_stored(store: Store, ada: Person, room: Room) -> None:
    answer = await store.says(ada, "hello\n  世界 👋🏽 مرحبا", room, client_id="k", html="<b>", kind="bot")
    assert await store.stored(room) == [answer]
    assert (answer.username, answer.display_name, answer.client_id) == ("ada", "Ada", "k")


async def test_announcements_come_in_the_order_of_versions(
    store: Store, ada: Person, grace: Person, room: Room
) -> None:
    async def talks(person: Person) -> None:
        for number in range(20):
            message = await store.says(person, f"{number}", room)
            await store.edits(person, message.index, "edited", room)

    await all_at_once(*(talks(person) for person in (ada, grace) * 5))
    assert versions(store.announced) == list(range(1, 401))


async def test_nobody_hears_of_what_is_not_on_disk(store: Store, ada: Person, room: Room, path: Path) -> None:
    seen: list[int] = []

    def look(_room_id: int, _changes: object) -> None:
        with behind_its_back(path) as other:
            seen.extend(row[0] for row in other.execute("SELECT count(*) FROM messages"))

    store.journal._announce = look
    await all_at_once(*(store.says(ada, f"{n}", room) for n in range(3)))
    assert seen == [3]


async def test_an_edit_keeps_the_index_and_takes_a_new_version(store: Store, ada: Person, room: Room) -> None:
    await store.says(ada, "first", room)
    await store.says(ada, "second", room)
    edited = await store.edits(ada, 1, "better", room)
    assert (edited.index, edited.version, edited.content) == (1, 3, "better")
    assert edited.edited_at is not None
    assert (await store.stored(room))[0] == edited


async def test_a_deletion_leaves_a_tombstone_without_words(store: Store, ada: Person, room: Room) -> None:
    await store.says(ada, "a secret", room, html="<i>a secret</i>")
    gone = await store.deletes(ada, 1, room)
    assert (gone.index, gone.version, gone.is_deleted, gone.content, gone.html) == (1, 2, True, "", "")
    assert await store.stored(room) == [gone]


async def test_changes_of_one_batch_see_each_other(store: Store, ada: Person, room: Room) -> None:
    await store.says(ada, "0", room)
    found = await all_at_once(
        store.edits(ada, 1, "a", room), store.edits(ada, 1, "b", room), store.deletes(ada, 1, room)
    )
    assert [(m.version, m.content, m.is_deleted) for m in found] == [(2, "a", False), (3, "b", False), (4, "", True)]
    assert versions(store.announced) == [1, 2, 3, 4]


# Refusals


async def refused(store: Store, work: Any, kind: type[ChatError]) -> None:
    announced = len(store.calls)
    with pytest.raises(kind):
        await work
    assert len(store.calls) == announced


async def test_a_stranger_cannot_post(store: Store, ada: Person, room: Room) -> None:
    stranger = await store.person("stranger")
    await refused(store, store.says(stranger, "hello", room), NotFound)
    assert await store.stored(room) == []


async def test_a_disabled_person_cannot_post(store: Store, ada: Person, room: Room) -> None:
    async with store.database.transaction() as tx:
        await people.update(tx, ada.id, is_disabled=True)
    await refused(store, store.says(ada, "hello", room), NotFound)


async def test_nobody_edits_somebody_elses_message(store: Store, ada: Person, grace: Person, room: Room) -> None:
    await store.says(ada, "hello", room)
    await refused(store, store.edits(grace, 1, "bye", room), Forbidden)
    await refused(store, store.deletes(grace, 1, room), Forbidden)
    assert contents(await store.stored(room)) == ["hello"]


async def test_a_moderator_deletes_but_does_not_edit(store: Store, ada: Person, grace: Person, room: Room) -> None:
    await store.says(ada, "hello", room)
    await store.gives(room, to=grace)
    gone = await store.deletes(grace, 1, room)
    assert gone.is_deleted
    assert gone.username == "ada"
    await store.says(ada, "hello again", room)
    await refused(store, store.edits(grace, 2, "bye", room), Forbidden)


@pytest.mark.parametrize("index", [0, -1, 2, 2**32, 2**53], ids=str)
async def test_what_is_not_there_cannot_be_changed(store: Store, ada: Person, room: Room, index: int) -> None:
    await store.says(ada, "hello", room)
    await refused(store, store.edits(ada, index, "bye", room), NotFound)
    await refused(store, store.deletes(ada, index, room), NotFound)


async def test_an_index_never_reaches_into_another_room(store: Store, ada: Person, room: Room) -> None:
    other = await store.room("ops", ada)
    await store.says(ada, "hello", other)
    reach = (other.id - room.id << 32) + 1
    await refused(store, store.edits(ada, reach, "bye", room), NotFound)
    assert contents(await store.stored(other)) == ["hello"]


async def test_a_tombstone_stays(store: Store, ada: Person, room: Room) -> None:
    await store.says(ada, "hello", room)
    await store.deletes(ada, 1, room)
    await refused(store, store.edits(ada, 1, "again", room), NotFound)
    await refused(store, store.deletes(ada, 1, room), NotFound)


async def test_a_reply_is_to_something_that_is_there(store: Store, ada: Person, room: Room) -> None:
    first = await store.says(ada, "hello", room)
    reply = await store.says(ada, "yes", room, reply_to=1)
    assert (first.reply_to, reply.reply_to) == (None, 1)
    await refused(store, store.says(ada, "yes", room, reply_to=3), NotFound)


async def test_a_refused_change_costs_its_neighbours_nothing(
    store: Store, ada: Person, grace: Person, room: Room
) -> None:
    stranger = await store.person("stranger")
    first, no, second, foreign, third = await all_at_once(
        store.says(ada, "1", room),
        store.says(stranger, "no", room),
        store.says(grace, "2", room),
        store.edits(grace, 1, "no", room),
        store.says(ada, "3", room),
    )
    assert isinstance(no, NotFound)
    assert isinstance(foreign, Forbidden)
    assert indexes([first, second, third]) == [1, 2, 3]
    assert len(store.calls) == 1
    assert store.announced == [first, second, third]
