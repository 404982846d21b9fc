"""Who is in a room, and how far each has read."""

from __future__ import annotations

import pytest

from chatapp.core.errors import ChatError, Forbidden, NotFound
from chatapp.core.models import Identity, Person, Room
from tests.support.house import House, rooms_of
from tests.support.listener import FakeListener, numbers
from tests.support.rooms import closed_room

People = dict[str, Person]


@pytest.fixture
async def people(house: House) -> People:
    """An administrator, an owner, a member and a stranger; the first is in the owner's rooms as well."""
    admin = await house.person("admin", is_admin=True)
    return {"admin": admin, **{name: await house.person(name) for name in ("owner", "member", "stranger")}}


async def make(house: House, people: People, kind: str) -> Room:
    """A room of that kind with all but the stranger; a direct one is of owner and member."""
    if kind == "direct":
        return await house.chat.rooms.open_direct(people["owner"], "member")
    if kind == "general":
        return await house.chat.access.room_for(people["owner"], "general")
    if kind == "closed":
        room = await closed_room(house.chat, people["owner"], "closed", "closed")
    else:
        room = await house.chat.rooms.create(people["owner"], name=kind, slug=kind)
    for name in ("admin", "member"):
        await house.chat.memberships.add(people["owner"], room.slug, name)
    return room


def ear_of(house: House, person: Person) -> FakeListener:
    ear = FakeListener(Identity(person))
    house.chat.hub.enter(ear)
    return ear


async def inside(house: House, room: Room, witness: Person) -> list[str]:
    return sorted(member.username for member in await house.chat.memberships.members(witness, room.slug))


# Joining and leaving


async def test_anybody_joins_an_open_room(house: House, people: People) -> None:
    room = await make(house, people, "open")
    ear = ear_of(house, people["stranger"])
    for _ in range(2):
        assert await house.chat.memberships.join(people["stranger"], room.slug) == room
    assert await inside(house, room, people["stranger"]) == ["admin", "member", "owner", "stranger"]
    assert [news["event"] for news in ear.told] == ["roomAdded"]


@pytest.mark.parametrize("kind", ["closed", "direct"])
async def test_nobody_joins_what_is_not_open(house: House, people: People, kind: str) -> None:
    room = await make(house, people, kind)
    with pytest.raises(NotFound):
        await house.chat.memberships.join(people["stranger"], room.slug)
    assert room.slug not in await rooms_of(house, people["stranger"])


async def test_who_leaves_hears_no_more_at_once(house: House, people: People) -> None:
    room = await make(house, people, "closed")
    ear = ear_of(house, people["member"])
    house.chat.hub.go_live(house.chat.hub.join(ear, room.id, room.slug, numbers), 0, 0)
    await house.chat.messages.post(people["owner"], room.slug, "before")
    await house.chat.memberships.leave(people["member"], room.slug)
    await house.chat.messages.post(people["owner"], room.slug, "after")
    assert ear.heard == [1]
    assert len(ear.gone) == 1
    assert ear.told == [{"event": "roomRemoved", "room": "closed"}]
    assert await inside(house, room, people["owner"]) == ["admin", "owner"]


@pytest.mark.parametrize("kind", ["general", "direct"])
async def test_some_rooms_are_not_left(house: House, people: People, kind: str) -> None:
    room = await make(house, people, kind)
    with pytest.raises(Forbidden):
        await house.chat.memberships.leave(people["member"], room.slug)
    with pytest.raises(Forbidden):
        await house.chat.memberships.remove(people["member"], room.slug, "member")
    assert room.slug in await rooms_of(house, people["member"])


async def test_one_cannot_leave_a_room_one_is_not_in(house: House, people: People) -> None:
    room = await make(house, people, "open")
    with pytest.raises(NotFound):
        await house.chat.memberships.leave(people["stranger"], room.slug)


# Adding


@pytest.mark.parametrize(
    ("who", "kind", "refusal"),
    [
        ("owner", "open", None),
        ("member", "open", None),
        ("admin", "open", None),
        ("stranger", "open", NotFound),
        ("owner", "closed", None),
        ("admin", "closed", None),
        ("member", "closed", Forbidden),
        ("stranger", "closed", NotFound),
        ("owner", "direct", Forbidden),
        ("member", "direct", Forbidden),
        ("admin", "direct", NotFound),
    ],
)
async def test_who_may_add_whom(
    house: House, people: People, who: str, kind: str, refusal: type[ChatError] | None
) -> None:
    room = await make(house, people, kind)
    await house.person("newcomer")
    if refusal is None:
        await house.chat.memberships.add(people[who], room.slug, " NewComer ")
    else:
        with pytest.raises(refusal):
            await house.chat.memberships.add(people[who], room.slug, "newcomer")
    assert ("newcomer" in await inside(house, room, people["owner"])) == (refusal is None)


async def test_being_added_twice_is_being_in(house: House, people: People) -> None:
    room = await make(house, people, "closed")
    ear = ear_of(house, people["member"])
    await house.chat.memberships.add(people["owner"], room.slug, "member")
    assert ear.told == []


async def test_adding_an_owner_again_leaves_the_owner(house: House, people: People) -> None:
    room = await make(house, people, "closed")
    await house.chat.memberships.add(people["admin"], room.slug, "owner")
    assert (await house.chat.rooms.show(people["owner"], room.slug)).role == "owner"


async def test_only_somebody_can_be_added(house: House, people: People) -> None:
    room = await make(house, people, "closed")
    await house.chat.accounts.set_disabled(people["admin"], "stranger", True)
    for username in ("nobody", "", "stranger", "\ud800"):
        with pytest.raises(NotFound):
            await house.chat.memberships.add(people["owner"], room.slug, username)


# Removing


@pytest.mark.parametrize(
    ("who", "whom", "refusal"),
    [
        ("owner", "member", None),
        ("admin", "member", None),
        ("admin", "owner", None),
        ("member", "member", None),
        ("member", "owner", Forbidden),
        ("member", "admin", Forbidden),
        ("stranger", "member", NotFound),
        ("owner", "stranger", NotFound),
        ("owner", "nobody", NotFound),
    ],
)
async def test_who_may_remove_whom(
    house: House, people: People, who: str, whom: str, refusal: type[ChatError] | None
) -> None:
    room = await make(house, people, "closed")
    if refusal is None:
        await house.chat.memberships.remove(people[who], room.slug, whom)
        assert room.slug not in await rooms_of(house, people[whom])
    else:
        with pytest.raises(refusal):
            await house.chat.memberships.remove(people[who], room.slug, whom)
        assert await inside(house, room, people["owner"]) == ["admin", "member", "owner"]


async def test_who_is_shut_out_is_removed_before_they_come_back(house: House, people: People) -> None:
    room = await make(house, people, "closed")
    await house.chat.accounts.set_disabled(people["admin"], "member", True)
    await house.chat.memberships.remove(people["owner"], room.slug, "member")
    with pytest.raises(NotFound, match="member is not in this room"):
        await house.chat.memberships.remove(people["owner"], room.slug, "member")
    await house.chat.accounts.set_disabled(people["admin"], "member", False)
    assert room.slug not in await rooms_of(house, people["member"])


async def test_who_comes_back_starts_at_the_top(house: House, people: People) -> None:
    room = await make(house, people, "closed")
    await house.chat.memberships.remove(people["owner"], room.slug, "member")
    await house.chat.messages.post(people["owner"], room.slug, "unheard")
    await house.chat.memberships.add(people["owner"], room.slug, "member")
    assert (await house.chat.rooms.show(people["member"], room.slug)).unread == 0


async def test_a_removed_author_keeps_what_was_said(house: House, people: People) -> None:
    room = await make(house, people, "closed")
    await house.chat.messages.post(people["member"], room.slug, "mine")
    await house.chat.memberships.remove(people["owner"], room.slug, "member")
    history = await house.chat.messages.recent(people["owner"], room.slug, 10)
    assert [(m.username, m.content) for m in history.messages] == [("member", "mine")]


# Members


async def test_members_are_listed_by_name_without_the_disabled(house: House, people: People) -> None:
    room = await make(house, people, "closed")
    await house.chat.accounts.set_disabled(people["admin"], "member", True)
    found = await house.chat.memberships.members(people["admin"], room.slug)
    assert [(member.username, member.role) for member in found] == [("admin", "member"), ("owner", "owner")]


async def test_members_are_sorted_as_people_count(house: House, ada: Person) -> None:
    for username in ("bot-10", "bot-2"):
        await house.person(username)
    assert [each.username for each in await house.chat.memberships.members(ada, "general")] == [
        "ada",
        "bot-2",
        "bot-10",
    ]


async def test_members_of_an_open_room_are_no_secret_and_of_a_closed_one_are(house: House, people: People) -> None:
    await make(house, people, "open")
    await make(house, people, "closed")
    assert len(await house.chat.memberships.members(people["stranger"], "open")) == 3
    with pytest.raises(NotFound):
        await house.chat.memberships.members(people["stranger"], "closed")


# Reading


async def said(house: House, people: People, count: int) -> None:
    await make(house, people, "closed")
    for n in range(count):
        await house.chat.messages.post(people["owner"], "closed", f"{n}")


async def test_the_read_position_moves_forward_only(house: House, people: People) -> None:
    await said(house, people, 5)
    marks = [await house.chat.memberships.mark_read(people["member"], "closed", index) for index in (2, 4, 1, 99, 3)]
    assert marks == [3, 1, 1, 0, 0]
    assert (await house.chat.rooms.show(people["member"], "closed")).read_index == 5


@pytest.mark.parametrize("index", [0, -1, -(2**63)], ids=str)
async def test_nothing_is_read_by_less_than_one(house: House, people: People, index: int) -> None:
    await said(house, people, 2)
    assert await house.chat.memberships.mark_read(people["member"], "closed", index) == 2


async def test_reading_is_told_to_this_persons_other_sockets_when_it_moves(house: House, people: People) -> None:
    await said(house, people, 3)
    here, there, owner = (ear_of(house, people[name]) for name in ("member", "member", "owner"))
    for index in (2, 2, 1):
        await house.chat.memberships.mark_read(people["member"], "closed", index, heard_by=here)
    assert there.told == [{"event": "read", "room": "closed", "index": 2, "unread": 1, "turn": 0}]
    assert (here.told, owner.told) == ([], [])


async def test_what_is_read_in_one_room_stays_unread_in_another(house: House, people: People) -> None:
    await said(house, people, 2)
    await house.chat.messages.post(people["owner"], "general", "hello")
    await house.chat.memberships.mark_read(people["member"], "closed", 2)
    unread = {view.room.slug: view.unread for view in await house.chat.rooms.sidebar(people["member"])}
    assert unread == {"general": 1, "closed": 0}


async def test_a_stranger_reads_nothing(house: House, people: People) -> None:
    await said(house, people, 1)
    with pytest.raises(NotFound):
        await house.chat.memberships.mark_read(people["stranger"], "closed", 1)


async def test_ones_own_words_are_not_news_to_oneself(house: House, people: People) -> None:
    await said(house, people, 3)
    await house.chat.messages.post(people["member"], "closed", "the member had not read on")
    unread = {name: (await house.chat.rooms.show(people[name], "closed")).unread for name in ("owner", "member")}
    assert unread == {"owner": 1, "member": 4}
