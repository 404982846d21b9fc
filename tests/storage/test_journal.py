"""The single way into a room's log: stored, then answered, then told."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import aiosqlite
import pytest

from chatapp.core.errors import ChatError, Conflict, Forbidden, Internal, NotFound, Unavailable
from chatapp.core.models import Message, Person, Room
from chatapp.storage import journal as journals
from chatapp.storage import people
from chatapp.storage.batch import Post
from tests.support.store import Store, contents, indexes, open_store, post, versions

FULL = "PRAGMA max_page_count=1"
LONG = "x" * 200_000
SURROGATE = "\ud800"


async def all_at_once(*works: Any) -> list[Any]:
    return await asyncio.gather(*works, return_exceptions=True)


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
        while store.journal._waiting:
            await asyncio.sleep(0)
        rest = [asyncio.ensure_future(store.says(ada, f"{n}", room)) for n in range(40)]
        await asyncio.sleep(0)
    await all_at_once(first, *rest)
    assert [len(changes) for _, changes in store.calls] == [1, 40]


async def test_a_thousand_at_once_are_stored_in_the_order_they_came(store: Store, ada: Person, room: Room) -> None:
    count = journals.BATCH + 100
    found = await all_at_once(*(store.says(ada, f"{n}", room, client_id=f"key {n}") for n in range(count)))
    assert indexes(found) == list(range(1, count + 1))
    assert contents(await store.stored(room)) == [f"{n}" for n in range(count)]


async def test_the_answer_is_what_is_stored(store: Store, ada: Person, room: Room) -> None:
    answer = await store.says(ada, "hello\n  世界 👋🏽 مرحبا", room, client_id="k", html="<b>", kind="bot")
    assert await store.stored(room) == [answer]
    assert (answer.username, answer.display_name, answer.client_id) == ("ada", "Ada", "k")


async def test_announcements_come_in_the_order_of_versions(store: Store, ada: Person, grace: Person, room: Room) -> None:
    async def talks(person: Person) -> None:
        for number in range(20):
            message = await store.says(person, f"{number}", room)
            await store.edits(person, message.index, "edited", room)

    await all_at_once(*(talks(person) for person in (ada, grace) * 5))
    assert versions(store.announced) == list(range(1, 401))


async def test_nobody_hears_of_what_is_not_on_disk(store: Store, ada: Person, room: Room, path: Path) -> None:
    seen: list[int] = []

    def look(_room_id: int, _changes: object) -> None:
        with sqlite3.connect(path) as other:
            seen.extend(row[0] for row in other.execute("SELECT count(*) FROM messages"))
        other.close()

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


# Idempotency


@pytest.fixture(params=["one after the other", "in one batch"])
def together(request: pytest.FixtureRequest) -> Callable[..., Any]:
    """Runs works in one commit, or each in its own."""

    async def in_turn(*works: Any) -> list[Any]:
        return [(await all_at_once(work))[0] for work in works]

    return in_turn if request.param == "one after the other" else all_at_once


async def test_the_same_key_gives_the_first_message(
    store: Store, ada: Person, room: Room, together: Callable[..., Any]
) -> None:
    found = await together(*(store.says(ada, "hello", room, client_id="k") for _ in range(3)))
    assert found == [found[0]] * 3
    assert await store.stored(room) == [found[0]]
    assert store.announced == [found[0]]


async def test_a_key_of_somebody_else_is_another_key(
    store: Store, ada: Person, grace: Person, room: Room, together: Callable[..., Any]
) -> None:
    found = await together(*(store.says(person, "hello", room, client_id="k") for person in (ada, grace)))
    assert indexes(found) == [1, 2]


async def test_the_same_key_with_other_words_is_a_conflict(
    store: Store, ada: Person, room: Room, together: Callable[..., Any]
) -> None:
    first, second = await together(*(store.says(ada, words, room, client_id="k") for words in ("hello", "bye")))
    assert isinstance(second, Conflict)
    assert await store.stored(room) == [first]


async def test_the_same_key_in_another_room_is_a_conflict(
    store: Store, ada: Person, room: Room, together: Callable[..., Any]
) -> None:
    other = await store.room("ops", ada)
    first, second = await together(*(store.says(ada, "hello", place, client_id="k") for place in (room, other)))
    assert isinstance(second, Conflict)
    assert (await store.stored(room), await store.stored(other)) == ([first], [])


async def test_a_key_holds_after_an_edit(
    store: Store, ada: Person, room: Room, together: Callable[..., Any]
) -> None:
    await store.says(ada, "hello", room, client_id="k")
    edited, again = await together(store.edits(ada, 1, "bye", room), store.says(ada, "hello", room, client_id="k"))
    assert again == edited
    assert await store.stored(room) == [edited]


async def test_a_key_holds_after_a_deletion(
    store: Store, ada: Person, room: Room, together: Callable[..., Any]
) -> None:
    await store.says(ada, "hello", room, client_id="k")
    gone, again = await together(store.deletes(ada, 1, room), store.says(ada, "hello", room, client_id="k"))
    assert again == gone
    assert again.is_deleted


async def test_a_key_holds_after_a_restart(path: Path, store: Store, ada: Person, room: Room) -> None:
    first = await store.says(ada, "hello", room, client_id="k")
    async with open_store(path) as again:
        assert await again.says(ada, "hello", room, client_id="k") == first


async def test_messages_without_a_key_are_all_different(store: Store, ada: Person, room: Room) -> None:
    found = await all_at_once(*(store.says(ada, "hello", room) for _ in range(3)))
    assert indexes(found) == [1, 2, 3]


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
    gone = await store.deletes(grace, 1, room, may_moderate=True)
    assert gone.is_deleted
    assert gone.username == "ada"


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


# Failures


async def driver(store: Store) -> aiosqlite.Connection:
    return await store.database.driver()


async def test_a_full_disk_stores_nothing_and_passes(store: Store, ada: Person, room: Room) -> None:
    await store.says(ada, "before", room)
    await (await driver(store)).execute(FULL)
    found = await all_at_once(*(store.says(ada, LONG, room) for _ in range(3)))
    assert [type(error) for error in found] == [Unavailable] * 3
    assert contents(await store.stored(room)) == ["before"]
    # The connection was opened anew, and with it the limit is gone: nobody has to restart anything.
    after = await store.says(ada, LONG, room)
    assert after.index == 2
    assert versions(store.announced) == [1, 2]


async def fails_at(monkeypatch: pytest.MonkeyPatch, store: Store, word: str, error: Exception) -> None:
    """The writer's next statement that begins with ``word`` fails; those after it do not."""
    connection = await driver(store)
    execute, is_over = connection.execute, False

    async def failing(sql: str, *more: Any) -> Any:
        nonlocal is_over
        if sql.startswith(word) and not is_over:
            is_over = True
            raise error
        return await execute(sql, *more)

    monkeypatch.setattr(connection, "execute", failing)


@pytest.mark.parametrize("word", ["BEGIN", "COMMIT"])
async def test_a_failing_disk_stores_nothing_and_passes(
    store: Store, ada: Person, room: Room, monkeypatch: pytest.MonkeyPatch, word: str
) -> None:
    await fails_at(monkeypatch, store, word, sqlite3.OperationalError("disk I/O error"))
    found = await all_at_once(*(store.says(ada, f"{n}", room, client_id=f"{n}") for n in range(3)))
    assert [type(error) for error in found] == [Unavailable] * 3
    assert (store.calls, await store.stored(room)) == ([], [])
    again = await all_at_once(*(store.says(ada, f"{n}", room, client_id=f"{n}") for n in range(3)))
    assert indexes(again) == [1, 2, 3]


@pytest.mark.parametrize(
    "poison",
    [Post(1, 1, 0, SURROGATE), Post(1, 1, 2**70, "too late")],
    ids=["lone surrogate", "number over 64 bits"],
)
async def test_a_poisonous_change_fails_alone(store: Store, ada: Person, room: Room, poison: Post) -> None:
    """Every door refuses these; should one come through, it must not take others down."""
    bad = Post(room.id, ada.id, poison.at, poison.content)
    before, no, after = await all_at_once(
        store.says(ada, "before", room), store.journal.append(bad), store.says(ada, "after", room)
    )
    assert isinstance(no, Internal)
    assert indexes([before, after]) == [1, 2]
    assert await store.stored(room) == [before, after]
    assert store.announced == [before, after]


async def test_an_announcement_that_fails_does_not_store_again(store: Store, ada: Person, room: Room) -> None:
    def broken(_room_id: int, _changes: object) -> None:
        raise RuntimeError("nobody to tell")

    store.journal._announce = broken
    both = await all_at_once(store.says(ada, "hello", room), store.says(ada, "and more", room))
    last = await store.says(ada, "and after", room)
    assert await store.stored(room) == [*both, last]


async def test_who_stops_waiting_is_stored_all_the_same(store: Store, ada: Person, room: Room) -> None:
    async with store.database.write_lock:
        impatient = asyncio.ensure_future(store.says(ada, "hello", room))
        await asyncio.sleep(0)
        impatient.cancel()
    assert (await store.says(ada, "next", room)).index == 2
    assert contents(await store.stored(room)) == ["hello", "next"]


async def test_a_full_queue_is_refused_at_once(
    store: Store, ada: Person, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journals, "WAITING", 3)
    found = await all_at_once(*(store.says(ada, f"{n}", room) for n in range(5)))
    assert [type(answer) for answer in found] == [Message] * 3 + [Unavailable] * 2


# The end


async def test_closing_writes_what_was_taken_and_takes_no_more(path: Path) -> None:
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(open_store(path))
        ada = await store.person("ada")
        room = await store.room("designers", ada)
        last = [asyncio.ensure_future(store.says(ada, f"{n}", room)) for n in range(2500)]
        await asyncio.sleep(0)
        await stack.aclose()
    assert indexes(await asyncio.gather(*last)) == list(range(1, 2501))
    with pytest.raises(Unavailable):
        await store.journal.append(post(ada, "too late", room))
