"""Rooms: opening, naming and listing them."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest

from chatapp.core.errors import ChatError, Conflict, Forbidden, Invalid, NotFound, Unauthenticated
from chatapp.core.models import Identity, Person, Room
from tests.support import rooms as support
from tests.support.house import House, rooms_of, succeeded
from tests.support.listener import FakeListener


@pytest.fixture
async def linus(house: House, ada: Person) -> Person:
    return await house.person("linus")


def ear_of(house: House, person: Person) -> FakeListener:
    """What a socket of that person is told."""
    ear = FakeListener(Identity(person))
    house.chat.hub.enter(ear)
    return ear


async def closed_room(house: House, owner: Person, *members: Person) -> Room:
    room = await support.closed_room(house.chat, owner, "designers")
    for member in members:
        await house.chat.memberships.add(owner, room.slug, member.username)
    return room


# Making one


async def test_who_makes_a_room_owns_it(house: House, grace: Person) -> None:
    room = await house.chat.rooms.create(grace, name="  Design & Type ", topic="Letters", slug="type")
    view = await house.chat.rooms.show(grace, "type")
    assert (room.name, room.topic, room.kind, room.created_by) == ("Design & Type", "Letters", "open", grace.id)
    assert (view.role, view.members, view.unread, view.room) == ("owner", 1, 0, room)


async def test_its_maker_hears_of_it_at_once(house: House, grace: Person, ada: Person) -> None:
    hers, others = ear_of(house, grace), ear_of(house, ada)
    await house.chat.rooms.create(grace, name="Type")
    assert hers.told == [
        {
            "event": "roomAdded",
            "room": "type",
            "name": "Type",
            "topic": "",
            "kind": "open",
            "index": 0,
            "read_index": 0,
        }
    ]
    assert others.told == []


@pytest.mark.parametrize(
    ("name", "slug"),
    [("Design & Type", "design-type"), ("Übung macht", "ubung-macht"), ("new", "room-new"), ("dm-1-2", "room-dm-1-2")],
)
async def test_an_address_is_made_of_the_name(house: House, ada: Person, name: str, slug: str) -> None:
    assert (await house.chat.rooms.create(ada, name=name)).slug == slug


async def test_any_script_makes_a_name(house: House, ada: Person) -> None:
    room = await house.chat.rooms.create(ada, name="設計 👋🏽")
    assert room.name == "設計 👋🏽"
    assert room.slug.isascii()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 65}, "name"),
        ({"name": "a\u202eb"}, "name"),
        ({"name": "a", "slug": "A B"}, "slug"),
        ({"name": "a", "slug": "../etc"}, "slug"),
        ({"name": "a", "slug": "new"}, "slug"),
        ({"name": "a", "slug": "dm-1-2"}, "slug"),
        ({"name": "a", "topic": "x" * 251}, "topic"),
        ({"name": "a", "kind": "direct"}, "kind"),
        ({"name": "a", "kind": "secret"}, "kind"),
    ],
    ids=str,
)
async def test_what_is_wrong_is_named(house: House, ada: Person, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await house.chat.rooms.create(ada, **wrong)
    assert [error.field for error in refusal.value.errors] == [field]
    assert await rooms_of(house, ada) == ["general"]


async def test_an_address_is_given_once(house: House, ada: Person, grace: Person) -> None:
    made = await succeeded(*(house.chat.rooms.create(person, name="Type") for person in (ada, grace) * 5))
    assert len(made) == 1
    with pytest.raises(Conflict):
        await house.chat.rooms.create(ada, name="Another", slug="type")


async def test_a_room_one_may_not_see_is_in_nobodys_way(house: House, ada: Person, grace: Person) -> None:
    await closed_room(house, ada)
    mine = await house.chat.rooms.create(grace, name="Mine", slug="designers")
    assert re.fullmatch(r"designers-[0-9a-f]{8}", mine.slug)


async def test_a_closed_room_is_not_found_by_asking_for_its_name(house: House, ada: Person, grace: Person) -> None:
    for asked in ({}, {"slug": "designers"}):
        secret = await house.chat.rooms.create(ada, name="Designers", kind="closed", **asked)
        assert re.fullmatch(r"designers-[0-9a-f]{8}", secret.slug)
    # The same answer as on a server that has no such room.
    assert (await house.chat.rooms.create(grace, name="Designers")).slug == "designers"


async def test_an_address_made_longer_is_still_one(house: House, ada: Person) -> None:
    room = await house.chat.rooms.create(ada, name="x" * 64, kind="closed")
    assert len(room.slug) == 64
    assert (await house.chat.rooms.show(ada, room.slug)).role == "owner"


# Seeing them


async def test_everyone_begins_in_general(house: House, grace: Person) -> None:
    assert await rooms_of(house, grace) == ["general"]


async def test_the_sidebar_has_general_first_then_rooms_by_name_then_people(
    house: House, ada: Person, grace: Person, linus: Person
) -> None:
    for name in ("zebra", "Room 10", "Alpha", "éclair", "room 2"):
        await house.chat.rooms.create(ada, name=name)
    for username in ("linus", "grace"):
        await house.chat.rooms.open_direct(ada, username)
    views = await house.chat.rooms.sidebar(ada)
    assert [view.title for view in views] == [
        "general",
        "Alpha",
        "éclair",
        "room 2",
        "Room 10",
        "zebra",
        "grace",
        "linus",
    ]


async def test_open_rooms_are_found_by_everybody_who_is_not_in(house: House, ada: Person, grace: Person) -> None:
    await house.chat.rooms.create(ada, name="Open")
    await closed_room(house, ada)
    assert [view.room.slug for view in await house.chat.rooms.browse(grace)] == ["open"]
    assert await house.chat.rooms.browse(ada) == []
    seen = await house.chat.rooms.show(grace, "open")
    assert (seen.is_member, seen.members, seen.unread) == (False, 1, 0)


async def test_what_one_may_not_see_is_like_what_is_not_there(
    house: House, ada: Person, grace: Person, linus: Person
) -> None:
    await closed_room(house, ada)
    direct = await house.chat.rooms.open_direct(ada, "linus")
    refusals = []
    for slug in ("designers", direct.slug, "nowhere", "", "../etc", "x" * 5000, "\x00", "😀", "\ud800"):
        with pytest.raises(NotFound) as refusal:
            await house.chat.rooms.show(grace, slug)
        refusals.append(refusal.value.message)
    assert len(set(refusals)) == 1


async def test_a_disabled_person_sees_nothing(house: House, ada: Person, grace: Person) -> None:
    await house.chat.accounts.set_disabled(ada, "grace", True)
    gone = next(person for person in await house.chat.accounts.everyone() if person.id == grace.id)
    with pytest.raises(Unauthenticated):
        await house.chat.rooms.show(gone, "general")


async def test_unread_counts_from_where_one_came_in(house: House, ada: Person, grace: Person) -> None:
    await house.chat.rooms.create(ada, name="Type")
    for n in range(3):
        await house.chat.messages.post(ada, "type", f"{n}")
    await house.chat.memberships.join(grace, "type")
    await house.chat.messages.post(ada, "type", "after")
    assert (await house.chat.rooms.show(grace, "type")).unread == 1


# Changing one


@pytest.mark.parametrize("who", ["owner", "administrator"])
async def test_owner_and_administrator_change_name_and_topic(
    house: House, ada: Person, grace: Person, linus: Person, who: str
) -> None:
    room = await closed_room(house, grace, ada, linus)
    actor, ear = {"owner": grace, "administrator": ada}[who], ear_of(house, linus)
    await house.chat.rooms.update(actor, room.slug, name="Typographers")
    await house.chat.rooms.update(actor, room.slug, topic="Letters")
    view = await house.chat.rooms.show(linus, room.slug)
    assert (view.room.slug, view.room.name, view.room.topic) == ("designers", "Typographers", "Letters")
    assert [(news["event"], news["name"], news["topic"]) for news in ear.told] == [
        ("roomChanged", "Typographers", ""),
        ("roomChanged", "Typographers", "Letters"),
    ]


@pytest.mark.parametrize(
    ("who", "refusal"),
    [("member", Forbidden), ("stranger", NotFound), ("administrator outside", NotFound)],
)
async def test_nobody_else_does(
    house: House, ada: Person, grace: Person, linus: Person, who: str, refusal: type[ChatError]
) -> None:
    stranger = await house.person("stranger")
    room = await closed_room(house, grace, linus)
    actor = {"member": linus, "stranger": stranger, "administrator outside": ada}[who]
    for change in ({"name": "Mine"}, {"topic": "Mine"}, {}):
        with pytest.raises(refusal):
            await house.chat.rooms.update(actor, room.slug, **change)
    assert (await house.chat.rooms.show(grace, room.slug)).title == "Designers"


async def test_a_refused_topic_leaves_the_name_as_it_was(house: House, ada: Person) -> None:
    room = await closed_room(house, ada)
    with pytest.raises(Invalid):
        await house.chat.rooms.update(ada, room.slug, name="Typographers", topic="x" * 300)
    assert (await house.chat.rooms.show(ada, room.slug)).title == "Designers"


async def test_those_outside_hear_nothing_of_a_change(house: House, ada: Person, grace: Person) -> None:
    await closed_room(house, ada)
    ear = ear_of(house, grace)
    await house.chat.rooms.update(ada, "designers", name="Typographers")
    assert ear.told == []


async def test_a_direct_room_has_no_name_to_change(house: House, ada: Person, grace: Person) -> None:
    room = await house.chat.rooms.open_direct(ada, "grace")
    with pytest.raises(Forbidden):
        await house.chat.rooms.update(ada, room.slug, name="Us")


# Direct rooms


async def test_two_people_have_one_room_whoever_opens_it(house: House, ada: Person, grace: Person) -> None:
    opened = await asyncio.gather(
        *(house.chat.rooms.open_direct(*pair) for pair in [(ada, "grace"), (grace, " Ada ")] * 5)
    )
    assert len({room.id for room in opened}) == 1
    (hers,) = [view for view in await house.chat.rooms.sidebar(grace) if view.room.kind == "direct"]
    assert (hers.title, hers.other_username, hers.members) == ("ada", "ada", 2)


async def test_each_is_told_of_it_under_the_others_name(house: House, ada: Person, grace: Person) -> None:
    ears = ear_of(house, ada), ear_of(house, grace)
    await house.chat.rooms.open_direct(ada, "grace")
    await house.chat.rooms.open_direct(ada, "grace")
    assert [[news["name"] for news in ear.told] for ear in ears] == [["grace"], ["ada"]]


async def test_a_room_with_oneself_is_for_notes(house: House, ada: Person) -> None:
    room = await house.chat.rooms.open_direct(ada, "ada")
    view = await house.chat.rooms.show(ada, room.slug)
    assert (view.title, view.members, view.other_username) == ("ada", 1, "ada")


@pytest.mark.parametrize(
    "username", ["nobody", "", "\x00", "\ud800", "x" * 5000], ids=["nobody", "empty", "NUL", "half", "long"]
)
async def test_there_is_nobody_of_that_name(house: House, ada: Person, username: str) -> None:
    with pytest.raises(NotFound):
        await house.chat.rooms.open_direct(ada, username)


async def test_nobody_talks_to_a_disabled_account(house: House, ada: Person, grace: Person) -> None:
    await house.chat.accounts.set_disabled(ada, "grace", True)
    with pytest.raises(NotFound):
        await house.chat.rooms.open_direct(ada, "grace")


async def test_nobody_but_administrators_makes_rooms_without_end(
    house: House, ada: Person, grace: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatapp.domain.rooms.MOST_ROOMS", 2)
    await house.chat.rooms.open_direct(grace, "ada")
    for slug in ("plans", "pictures"):
        await house.chat.rooms.create(grace, name=slug, slug=slug)
        await house.chat.memberships.leave(grace, slug)
    with pytest.raises(Conflict, match="You have made 2 rooms"):
        await house.chat.rooms.create(grace, name="More")
    for number in range(3):
        await house.chat.rooms.create(ada, name=f"Ops {number}")
