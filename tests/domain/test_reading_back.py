"""How far somebody has read, taken back: by hand from a message on, or to where the last advance found it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from chatapp.core.errors import Conflict, NotFound
from chatapp.core.models import Identity, Person
from chatapp.core.reads import KEPT_POSITIONS, ReadMark
from chatapp.settings import Settings
from tests.support.house import House
from tests.support.listener import FakeListener

SLUG = "general"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limits=False)


@pytest.fixture
async def ada(house: House) -> Person:
    return await house.person("ada")


@pytest.fixture
async def grace(house: House) -> Person:
    return await house.person("grace")


async def said(house: House, by: Person, count: int) -> None:
    for number in range(count):
        await house.chat.messages.post(by, SLUG, f"{number}")


async def mark(house: House, person: Person) -> ReadMark:
    return (await house.chat.rooms.show(person, SLUG)).mark


async def reads(house: House, person: Person, *indexes: int) -> None:
    for index in indexes:
        await house.chat.memberships.mark_read(person, SLUG, index)


async def test_marking_unread_goes_back_to_before_the_message_and_never_forward(
    house: House, ada: Person, grace: Person
) -> None:
    await said(house, grace, 9)
    await reads(house, ada, 6)
    room, found = await house.chat.memberships.mark_unread(ada, SLUG, 4)
    assert (found.index, room.last_index) == (3, 9)
    for index, stays in ((8, 3), (99, 3), (2**53, 3), (1, 0), (0, 0), (-5, 0)):
        await house.chat.memberships.mark_unread(ada, SLUG, index)
        assert (await mark(house, ada)).index == stays


async def test_each_step_back_begins_a_turn_of_which_earlier_reading_is_too_late(
    house: House, ada: Person, grace: Person
) -> None:
    await said(house, grace, 9)
    await reads(house, ada, 6)
    await house.chat.memberships.mark_unread(ada, SLUG, 4)
    assert await house.chat.memberships.mark_read(ada, SLUG, 9, turn=0) == 6
    assert await mark(house, ada) == ReadMark(3, 1, (0,))
    assert await house.chat.memberships.mark_read(ada, SLUG, 5, turn=1) == 4
    # Who knows of no turns, a script, is taken at their word.
    assert await house.chat.memberships.mark_read(ada, SLUG, 7) == 2


async def test_undoing_goes_back_step_by_step_until_nothing_is_left(house: House, ada: Person, grace: Person) -> None:
    await said(house, grace, 9)
    await reads(house, ada, 2, 5, 5, 4, 9)
    found = [(await house.chat.memberships.undo_read(ada, SLUG))[1].index for _ in range(3)]
    assert found == [5, 2, 0]
    with pytest.raises(Conflict):
        await house.chat.memberships.undo_read(ada, SLUG)


async def test_twenty_positions_are_kept(house: House, ada: Person, grace: Person) -> None:
    await said(house, grace, KEPT_POSITIONS + 5)
    await reads(house, ada, *range(1, KEPT_POSITIONS + 6))
    found = [(await house.chat.memberships.undo_read(ada, SLUG))[1].index for _ in range(KEPT_POSITIONS)]
    assert found == list(range(KEPT_POSITIONS + 4, 4, -1))
    with pytest.raises(Conflict):
        await house.chat.memberships.undo_read(ada, SLUG)
    assert (await mark(house, ada)).index == 5


async def test_what_lies_above_a_step_back_is_forgotten(house: House, ada: Person, grace: Person) -> None:
    await said(house, grace, 9)
    await reads(house, ada, 2, 5, 9)
    await house.chat.memberships.mark_unread(ada, SLUG, 4)
    assert (await mark(house, ada)).kept == (0, 2)
    assert (await house.chat.memberships.undo_read(ada, SLUG))[1].index == 2


async def test_a_step_back_is_told_to_all_ones_own_sockets(house: House, ada: Person, grace: Person) -> None:
    ears = [FakeListener(Identity(person)) for person in (ada, ada, grace)]
    await said(house, grace, 3)
    await reads(house, ada, 3)
    for ear in ears:
        house.chat.hub.enter(ear)
    await house.chat.memberships.mark_unread(ada, SLUG, 2)
    told = [{"event": "read", "room": SLUG, "index": 1, "unread": 2, "turn": 1}]
    assert [ear.told for ear in ears] == [told, told, []]


async def test_ones_own_words_do_not_read_what_was_marked_unread(house: House, ada: Person, grace: Person) -> None:
    await said(house, grace, 3)
    await reads(house, ada, 3)
    await house.chat.memberships.mark_unread(ada, SLUG, 2)
    await said(house, ada, 1)
    assert (await house.chat.rooms.show(ada, SLUG)).unread == 3
    # Nor does the way to the post keep positions.
    assert (await mark(house, ada)).kept == (0,)


async def test_mentions_are_unread_again(house: House, ada: Person, grace: Person) -> None:
    await house.chat.messages.post(grace, SLUG, "@ada")
    await reads(house, ada, 1)
    assert (await house.chat.rooms.show(ada, SLUG)).mentions == ()
    await house.chat.memberships.undo_read(ada, SLUG)
    assert (await house.chat.rooms.show(ada, SLUG)).mentions == (1,)


async def test_a_stranger_takes_nothing_back(house: House, ada: Person) -> None:
    room = await house.chat.rooms.create(ada, name="Ops", kind="closed")
    stranger = await house.person("stranger")
    for asking in (
        house.chat.memberships.mark_unread(stranger, room.slug, 1),
        house.chat.memberships.undo_read(stranger, room.slug),
    ):
        with pytest.raises(NotFound):
            await asking


async def test_reading_and_going_back_at_once_end_where_the_last_turn_says(
    house: House, ada: Person, grace: Person
) -> None:
    """Two devices: whatever order they come in, what was read before the step back does not outlive it."""
    await said(house, grace, 20)
    await reads(house, ada, 10)
    late = [house.chat.memberships.mark_read(ada, SLUG, index, turn=0) for index in range(11, 21)]
    await asyncio.gather(*late[:5], house.chat.memberships.mark_unread(ada, SLUG, 4), *late[5:])
    found = await mark(house, ada)
    assert (found.index, found.turn) == (3, 1)
    assert list(found.kept) == sorted(set(found.kept))
    assert all(kept < 3 for kept in found.kept)


async def test_who_was_taken_out_and_comes_back_begins_anew(house: House, ada: Person, grace: Person) -> None:
    room = await house.chat.rooms.create(grace, name="Ops", kind="closed")
    await house.chat.memberships.add(grace, room.slug, "ada")
    await house.chat.messages.post(grace, room.slug, "one")
    await house.chat.memberships.mark_read(ada, room.slug, 1)
    await house.chat.memberships.mark_unread(ada, room.slug, 1)
    await house.chat.memberships.remove(grace, room.slug, "ada")
    with pytest.raises(NotFound):
        await house.chat.memberships.undo_read(ada, room.slug)
    await house.chat.memberships.add(grace, room.slug, "ada")
    assert (await house.chat.rooms.show(ada, room.slug)).mark == ReadMark(1, 0, ())


async def test_ten_thousand_unread_are_one_number(house: House, ada: Person, grace: Person) -> None:
    await asyncio.gather(*(house.chat.messages.post(grace, SLUG, f"{number}") for number in range(10_000)))
    assert (await house.chat.rooms.show(ada, SLUG)).unread == 10_000
    assert await house.chat.memberships.mark_read(ada, SLUG, 10_000) == 0
    room, found = await house.chat.memberships.undo_read(ada, SLUG)
    assert room.last_index - found.index == 10_000
