"""What a busy chat tells those who are not meant: an outsider and a former member hear nothing of rooms not theirs."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

import pytest

from chatapp.settings import Settings
from tests.support.cast import Actor, Ear, Frame, Given
from tests.support.rounds import rounds

ROOM: Final = "designers"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limits=False)


@pytest.fixture
async def lin(given: Given) -> Actor:
    """In the room, until a moment ago."""
    return await given.person("lin")


@pytest.fixture
async def outsider(given: Given) -> Actor:
    return await given.person("outsider")


@pytest.fixture
async def busy(given: Given, ada: Actor, grace: Actor, lin: Actor) -> Ear:
    """Grace's socket in a closed room, from which lin was removed, and a direct room of grace and ada."""
    await given.room("Designers", owner=ada, members=[grace, lin])
    await lin.says("mine", in_=ROOM)
    await ada.removes(lin, from_=ROOM)
    return await grace.listens_to(ROOM)


async def happens(ada: Actor, grace: Actor, ear: Ear, direct: str) -> None:
    """Everything that makes news: posts, edits, reactions, pins, deletions, typing, reading, names, members, rooms."""
    said = await ear.says("SECRET", ROOM)
    await ear.asks("editMessage", room=ROOM, index=said["index"], content="SECRET again")
    await ear.asks("addReaction", room=ROOM, index=said["index"], emoji="👍")
    await ear.asks("pinMessage", room=ROOM, index=said["index"])
    await ear.asks("typing", room=ROOM)
    await ear.asks("typing", room=ROOM, active=False)
    await ear.asks("presence", active=False)
    await ear.asks("presence", active=True)
    await ear.asks("markRead", room=ROOM, index=said["index"])
    await ear.asks("undoRead", room=ROOM)
    await ear.asks("markUnread", room=ROOM, index=said["index"])
    await ear.asks("setLevel", room=ROOM, level="nothing")
    await ear.asks("setLevel", room=ROOM, level="all")
    for line in ("/me is SECRET", "/mute", "/unmute", "/away SECRET", "/back"):
        assert (await ear.asks("runCommand", room=ROOM, line=line))["ok"]
    await ear.asks("deleteMessage", room=ROOM, index=said["index"])
    await ear.says("SECRET between two", direct)
    await ada.chat.rooms.update(ada.person, ROOM, topic="SECRET topic")
    await ada.chat.memberships.mark_read(ada.person, ROOM, said["index"])
    made = await ada.chat.rooms.create(ada.person, name="SECRET room", kind="closed")
    await ada.chat.memberships.add(ada.person, made.slug, "grace")
    await ada.removes(grace, from_=made.slug)


async def heard(ear: Ear) -> list[Frame]:
    await ear.asks("ping")
    return ear._news


async def test_who_is_not_in_a_room_hears_no_byte_of_it(
    given: Given, busy: Ear, ada: Actor, grace: Actor, lin: Actor, outsider: Actor
) -> None:
    direct = (await ada.chat.rooms.open_direct(ada.person, "grace")).slug
    ears = [await who.connects() for who in (lin, outsider, lin, outsider)]
    for ear in ears:
        await ear.subscribes("general")
        for room in (ROOM, direct):
            assert (await ear.asks("subscribe", room=room, after=0))["error"]["code"] == "not_found"
            assert (await ear.asks("typing", room=room))["error"]["code"] == "not_found"
            assert (await ear.asks("markRead", room=room, index=1))["error"]["code"] == "not_found"
            assert (await ear.asks("runCommand", room=room, line="/me waves"))["error"]["code"] == "not_found"
    before = {who.username: await rooms_of(who) for who in (lin, outsider)}
    for _ in range(rounds(3, 200)):
        await happens(ada, grace, busy, direct)
    for ear in ears:
        assert await heard(ear) == []
    for who in (lin, outsider):
        assert await rooms_of(who) == before[who.username]
        assert "SECRET" not in json.dumps(await rooms_of(who))


async def rooms_of(who: Actor) -> Any:
    async with who.client.get("/api/v1/rooms", headers=who.bearer) as answer:
        return await answer.json()


async def test_how_far_one_has_read_is_told_to_ones_own_sockets_only(busy: Ear, ada: Actor, grace: Actor) -> None:
    """As in CVE-2023-42453 receipts must not be forged for others, so here they must not even be seen."""
    said = await ada.says("news", in_=ROOM)
    adas, graces = await ada.listens_to(ROOM), await grace.connects()
    await busy.asks("markRead", room=ROOM, index=said.index)
    assert (await graces.hears("read"))["index"] == said.index
    await busy.asks("markUnread", room=ROOM, index=said.index)
    assert (await graces.hears("read"))["index"] == said.index - 1
    await busy.asks("setLevel", room=ROOM, level="mentions")
    assert (await graces.hears("levelChanged"))["level"] == "mentions"
    assert [frame for frame in await heard(adas) if frame["event"] in {"read", "levelChanged"}] == []


async def test_where_one_is_not_in_one_learns_of_no_unread(given: Given, ada: Actor, outsider: Actor) -> None:
    await given.room("Plaza", owner=ada, kind="open")
    await ada.says("hello", in_="plaza")
    (plaza,) = [room for room in (await rooms_of(outsider))["rooms"] if room["slug"] == "plaza"]
    assert (plaza["is_member"], plaza["unread"], plaza["read_index"]) == (False, 0, 0)


async def test_a_name_that_changes_is_told_with_nothing_else(ada: Actor, grace: Actor, outsider: Actor) -> None:
    ear = await outsider.connects()
    await ada.chat.accounts.update_profile(grace.person, display_name="Grace H", time_zone="Asia/Tokyo")
    assert await ear.hears("userChanged") == {
        "event": "userChanged",
        "username": "grace",
        "display_name": "Grace H",
    }
