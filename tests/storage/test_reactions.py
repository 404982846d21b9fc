"""Reactions and pins are changes of a message: stored with it, once each, and gone with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatapp.core.errors import Conflict, NotFound
from chatapp.core.models import Message, Person, Reaction, Room
from chatapp.storage.batch import MOST_EMOJI, MOST_PINS, Delete, Pin
from chatapp.storage.reactions import read, written
from tests.support.damage import alter
from tests.support.engine import behind_its_back
from tests.support.store import NOW, Store, all_at_once, indexes, open_store, versions

EMOJI = [chr(0x1F600 + number) for number in range(MOST_EMOJI + 1)]


@pytest.fixture
async def said(store: Store, ada: Person, room: Room) -> Message:
    return await store.says(ada, "hello", room, html="<b>hello</b>", client_id="k")


async def one(store: Store, room: Room, index: int = 1) -> Message:
    found = await store.log.one(room.id, index)
    assert found is not None
    return found


# Rules


async def test_a_reaction_is_a_change_of_its_message(
    store: Store, ada: Person, grace: Person, room: Room, said: Message
) -> None:
    first = await store.reacts(grace, 1, "👍", room)
    second = await store.reacts(ada, 1, "👍", room)
    third = await store.reacts(ada, 1, "🎉", room)
    assert versions([said, first, second, third]) == [1, 2, 3, 4]
    assert third.reactions == (Reaction("👍", ("grace", "ada")), Reaction("🎉", ("ada",)))
    assert (third.content, third.html, third.client_id, third.edited_at) == ("hello", "<b>hello</b>", "k", None)
    assert store.announced == [said, first, second, third]
    assert await store.stored(room) == [third]
    assert (await store.log.recent(room.id, 10)).messages == (third,)
    assert (await store.log.changes(room.id, 3, 10)).messages == (third,)


async def test_what_is_so_already_changes_nothing(
    store: Store, ada: Person, grace: Person, room: Room, said: Message
) -> None:
    given = await store.reacts(grace, 1, "👍", room)
    assert await store.reacts(grace, 1, "👍", room) == given
    assert await store.reacts(ada, 1, "👍", room, is_given=False) == given
    assert await store.reacts(grace, 1, "🎉", room, is_given=False) == given
    assert await store.pins(ada, 1, room, at=None) == given
    pinned = await store.pins(ada, 1, room)
    assert await store.pins(grace, 1, room, at=NOW + 5) == pinned
    assert versions(store.announced) == [1, 2, 3]
    assert (await store.log.recent(room.id, 10)).version == 3


async def test_taking_back_leaves_the_others_in_their_order(
    store: Store, ada: Person, grace: Person, room: Room, said: Message
) -> None:
    for emoji in ("👍", "🎉"):
        for person in (ada, grace):
            await store.reacts(person, 1, emoji, room)
    left = await store.reacts(ada, 1, "👍", room, is_given=False)
    assert left.reactions == (Reaction("👍", ("grace",)), Reaction("🎉", ("ada", "grace")))
    left = await store.reacts(grace, 1, "👍", room, is_given=False)
    assert left.reactions == (Reaction("🎉", ("ada", "grace")),)
    again = await store.reacts(grace, 1, "👍", room)
    assert again.reactions == (Reaction("🎉", ("ada", "grace")), Reaction("👍", ("grace",)))
    assert await store.stored(room) == [again]


async def test_all_at_once_each_counts_once(store: Store, ada: Person, room: Room, said: Message) -> None:
    crowd = [ada, *[await store.person(f"person{number}") for number in range(5)]]
    room = await store.room("ops", *crowd)
    await store.says(ada, "hello", room)
    await all_at_once(*(store.reacts(person, 1, "👍", room) for person in crowd * 4))
    (found,) = await store.stored(room)
    (reaction,) = found.reactions
    assert sorted(reaction.usernames) == sorted(person.username for person in crowd)
    assert found.version == 1 + len(crowd)


async def test_in_one_batch_each_sees_the_one_before(store: Store, ada: Person, grace: Person, room: Room) -> None:
    *_, last = await all_at_once(
        store.says(ada, "first", room),
        store.reacts(ada, 1, "👍", room),
        store.reacts(grace, 1, "👍", room),
        store.edits(ada, 1, "second", room),
        store.pins(grace, 1, room),
        store.reacts(ada, 1, "👍", room, is_given=False),
    )
    assert [len(changes) for _, changes in store.calls] == [6]
    assert (last.content, last.reactions, last.pinned_at) == ("second", (Reaction("👍", ("grace",)),), NOW)
    assert await store.stored(room) == [last]


async def test_editing_keeps_them_and_deleting_takes_them(
    store: Store, ada: Person, grace: Person, room: Room, said: Message, path: Path
) -> None:
    await store.reacts(grace, 1, "👍", room)
    await store.pins(grace, 1, room)
    edited = await store.edits(ada, 1, "bye", room)
    assert (edited.content, edited.reactions, edited.is_pinned) == ("bye", (Reaction("👍", ("grace",)),), True)
    gone = await store.deletes(ada, 1, room)
    assert (gone.reactions, gone.is_pinned) == ((), False)
    with behind_its_back(path) as connection:
        assert list(connection.execute("SELECT reactions, pinned_at FROM messages")) == [("", None)]
    assert (await store.log.pinned(room.id, 10)).messages == ()


async def test_pins_are_listed_the_last_first(store: Store, ada: Person, room: Room) -> None:
    for number in range(1, 5):
        await store.says(ada, f"{number}", room)
    for at, index in enumerate((2, 4, 1)):
        await store.pins(ada, index, room, at=NOW + at)
    await store.pins(ada, 4, room, at=None)
    found = await store.log.pinned(room.id, 10)
    assert (indexes(found.messages), found.index, found.version) == ([1, 2], 4, 8)


async def test_of_another_room_nothing_is_listed(store: Store, ada: Person, room: Room) -> None:
    other = await store.room("ops", ada)
    await store.says(ada, "hello", other)
    await store.pins(ada, 1, other)
    found = await store.log.pinned(room.id, 10)
    assert (found.messages, found.version) == ((), 0)


async def test_they_survive_the_end_of_the_process(path: Path) -> None:
    async with open_store(path) as store:
        ada = await store.person("ada")
        room = await store.room("designers", ada)
        await store.says(ada, "hello", room)
        await store.reacts(ada, 1, "👍", room)
        await store.pins(ada, 1, room)
        before = await store.stored(room)
    async with open_store(path) as store:
        assert await store.stored(room) == before
        assert (await store.log.recent(room.id, 10)).messages == tuple(before)


# Refusals


async def test_only_members_of_today_react_and_pin(store: Store, ada: Person, room: Room, said: Message) -> None:
    stranger = await store.person("stranger")
    refused = await all_at_once(store.reacts(stranger, 1, "👍", room), store.pins(stranger, 1, room))
    assert [type(answer) for answer in refused] == [NotFound, NotFound]
    assert await store.stored(room) == [said]


async def test_what_is_not_there_or_deleted_takes_none(store: Store, ada: Person, room: Room, said: Message) -> None:
    await store.deletes(ada, 1, room)
    refused = await all_at_once(
        *(store.reacts(ada, index, "👍", room) for index in (1, 2)),
        *(store.pins(ada, index, room) for index in (1, 2)),
    )
    assert {type(answer) for answer in refused} == {NotFound}


async def test_a_damaged_message_takes_none(store: Store, ada: Person, room: Room, said: Message) -> None:
    alter(store.path, room.id, 1, {"content": "hellp"})
    refused = await all_at_once(store.reacts(ada, 1, "👍", room), store.pins(ada, 1, room))
    assert [type(answer) for answer in refused] == [Conflict, Conflict]


async def test_so_many_emoji_and_no_more(store: Store, ada: Person, grace: Person, room: Room, said: Message) -> None:
    answers = await all_at_once(*(store.reacts(ada, 1, emoji, room) for emoji in EMOJI))
    assert [type(answer) for answer in answers] == [*[Message] * MOST_EMOJI, Conflict]
    assert len((await store.reacts(grace, 1, EMOJI[0], room)).reactions[0].usernames) == 2
    await store.reacts(ada, 1, EMOJI[5], room, is_given=False)
    assert (await store.reacts(ada, 1, EMOJI[-1], room)).reactions[-1].emoji == EMOJI[-1]


async def test_so_many_pins_and_no_more_whatever_comes_at_once(store: Store, ada: Person, room: Room) -> None:
    await all_at_once(*(store.says(ada, f"{number}", room) for number in range(MOST_PINS + 2)))
    answers = await all_at_once(*(store.pins(ada, index, room) for index in range(1, MOST_PINS + 3)))
    assert [type(answer) for answer in answers] == [*[Message] * MOST_PINS, Conflict, Conflict]
    # A deletion and an unpinning in the same batch make room for two.
    answers = await all_at_once(
        *(store.journal.append(change) for change in (Pin(room.id, ada.id, 1, None), Delete(room.id, ada.id, NOW, 2))),
        *(store.pins(ada, MOST_PINS + more, room) for more in (1, 2)),
    )
    assert [type(answer) for answer in answers] == [Message] * 4
    assert len((await store.log.pinned(room.id, MOST_PINS + 5)).messages) == MOST_PINS


# Oddities


def test_what_is_written_is_read() -> None:
    for given in ((Reaction("👩‍👩‍👧‍👦", ("ada", "o.k-_")), Reaction("❤️", ("grace",))),):
        assert read(written(given)) == given
    assert written(()) == ""
