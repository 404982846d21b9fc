"""How much of a room somebody wants to hear of."""

from __future__ import annotations

import pytest

from chatapp.core.errors import Invalid, NotFound
from chatapp.core.models import Identity, Level, Person, Room
from chatapp.core.rooms import RoomView
from tests.support.house import House
from tests.support.listener import FakeListener
from tests.support.rooms import closed_room


@pytest.fixture
async def ada(house: House) -> Person:
    return await house.person("ada")


@pytest.fixture
async def grace(house: House) -> Person:
    return await house.person("grace")


@pytest.fixture
async def room(house: House, ada: Person, grace: Person) -> Room:
    made = await closed_room(house.chat, ada, "ops", "ops")
    await house.chat.memberships.add(ada, made.slug, "grace")
    return made


async def seen(house: House, person: Person, slug: str) -> RoomView:
    return next(view for view in await house.chat.rooms.sidebar(person) if view.room.slug == slug)


async def test_a_level_is_ones_own_and_told_once_to_all_ones_sockets(
    house: House, ada: Person, grace: Person, room: Room
) -> None:
    ears = [FakeListener(Identity(person)) for person in (ada, ada, grace)]
    for ear in ears:
        house.chat.hub.enter(ear)
    for _ in range(2):
        await house.chat.memberships.set_level(ada, room.slug, "nothing")
    told = [{"event": "levelChanged", "room": room.slug, "level": "nothing"}]
    assert [ear.told for ear in ears] == [told, told, []]
    assert (await seen(house, ada, room.slug)).level == "nothing"
    assert (await seen(house, grace, room.slug)).level == "all"


async def test_a_level_that_is_none_is_refused_and_nothing_stored(house: House, ada: Person, room: Room) -> None:
    with pytest.raises(Invalid):
        await house.chat.memberships.set_level(ada, room.slug, "some")  # type: ignore[arg-type]
    assert (await seen(house, ada, room.slug)).level == "all"


async def test_a_stranger_sets_no_level(house: House, room: Room) -> None:
    with pytest.raises(NotFound):
        await house.chat.memberships.set_level(await house.person("stranger"), room.slug, "hidden")


async def test_who_comes_back_hears_of_everything_again(house: House, ada: Person, grace: Person, room: Room) -> None:
    await house.chat.memberships.set_level(grace, room.slug, "hidden")
    await house.chat.memberships.leave(grace, room.slug)
    await house.chat.memberships.add(ada, room.slug, "grace")
    assert (await seen(house, grace, room.slug)).level == "all"


# Of three messages, one of which mentions: what is counted, how many mentions, whether the room is in the list.
SHOWN: dict[Level, tuple[int, int, bool]] = {
    "all": (3, 1, True),
    "mentions": (0, 1, True),
    "nothing": (0, 0, True),
    "hidden": (0, 1, True),
}


@pytest.mark.parametrize("level", SHOWN)
async def test_what_is_counted_at_each_level(
    house: House, ada: Person, grace: Person, room: Room, level: Level
) -> None:
    await house.chat.memberships.set_level(grace, room.slug, level)
    for words in ("one", "two @grace", "three"):
        await house.chat.messages.post(ada, room.slug, words)
    view = await seen(house, grace, room.slug)
    assert (view.counted, view.named, view.is_listed) == SHOWN[level]
    # What there is to read is the same at every level.
    assert (view.unread, len(view.mentions)) == (3, 1)


async def test_a_hidden_room_goes_back_when_what_was_meant_for_one_is_read(
    house: House, ada: Person, grace: Person, room: Room
) -> None:
    await house.chat.memberships.set_level(grace, room.slug, "hidden")
    for words, is_listed in (("for nobody", False), ("@grace", True), ("@room", True)):
        await house.chat.messages.post(ada, room.slug, words)
        assert (await seen(house, grace, room.slug)).is_listed is is_listed
    await house.chat.memberships.mark_read(grace, room.slug, 3)
    assert not (await seen(house, grace, room.slug)).is_listed


@pytest.mark.parametrize(("level", "counted", "is_listed"), [("mentions", 1, True), ("nothing", 0, True)])
async def test_in_a_direct_room_every_message_is_meant_for_one(
    house: House, ada: Person, grace: Person, level: Level, counted: int, is_listed: bool
) -> None:
    slug = (await house.chat.rooms.open_direct(ada, "grace")).slug
    await house.chat.memberships.set_level(grace, slug, level)
    await house.chat.messages.post(ada, slug, "hello")
    view = await seen(house, grace, slug)
    assert (view.counted, view.is_listed) == (counted, is_listed)


async def test_a_hidden_conversation_comes_back_with_the_next_message(house: House, ada: Person, grace: Person) -> None:
    slug = (await house.chat.rooms.open_direct(ada, "grace")).slug
    await house.chat.memberships.set_level(grace, slug, "hidden")
    assert not (await seen(house, grace, slug)).is_listed
    await house.chat.messages.post(ada, slug, "hello")
    view = await seen(house, grace, slug)
    assert (view.counted, view.is_listed) == (1, True)
