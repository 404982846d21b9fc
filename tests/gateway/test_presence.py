"""Who is here, as the sockets of others hear it: people, not sockets, and only those with whom one shares a room."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chatapp.realtime import presence as board
from chatapp.settings import Settings
from tests.support.cast import Actor, Given
from tests.support.rooms import outside_of_general
from tests.support.time import eventually
from tests.support.watcher import watches

GRACE = 0.5


@pytest.fixture
def settings(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(board, "GRACE_SECONDS", GRACE)
    monkeypatch.setattr(board, "EVERY_SECONDS", 0.1)
    return replace(settings, limits=False)


async def test_who_comes_and_goes_is_told(ada: Actor, grace: Actor) -> None:
    watcher = await watches(ada)
    graces = await grace.connects()
    await watcher.sees(grace="online", ada="online")
    await graces.ws.close()
    await watcher.sees(grace="offline")


async def test_the_first_frame_is_complete(ada: Actor, grace: Actor) -> None:
    await (await grace.connects()).asks("presence", active=False)
    await eventually(lambda: grace.chat.presence._board.presence(grace.person.id) == "away")
    ear = await ada.connects()
    await ear.asks("presence")
    first = await ear.hears("presence")
    assert (first["complete"], first["away"], first["offline"]) == (True, ["grace"], [])


async def test_who_has_not_asked_is_told_nothing(ada: Actor, grace: Actor) -> None:
    silent, watcher = await ada.listens_to(), await watches(ada)
    await grace.connects()
    await watcher.sees(grace="online")
    await silent.asks("ping")
    assert silent._news == []


async def test_several_sockets_are_one_person(ada: Actor, grace: Actor) -> None:
    watcher = await watches(ada)
    page, phone = await grace.connects(), await grace.connects()
    await page.asks("presence", active=False)
    await watcher.sees(grace="online")
    await phone.asks("presence", active=False)
    await watcher.sees(grace="away")
    await phone.asks("presence", active=True)
    await watcher.sees(grace="online")
    await phone.ws.close()
    await watcher.sees(grace="away")
    await page.ws.close()
    await watcher.sees(grace="offline")


async def test_loading_a_page_anew_is_not_seen(ada: Actor, grace: Actor) -> None:
    graces = await grace.connects()
    watcher = await watches(ada)
    await watcher.sees(grace="online")
    before = watcher.frames
    for _ in range(3):
        await graces.ws.close()
        graces = await grace.connects()
    # Somebody else's coming would be told after it.
    await graces.asks("presence", active=False)
    await watcher.sees(grace="away")
    assert watcher.frames == before + 1


async def test_who_shares_no_room_is_told_nothing(given: Given, ada: Actor, grace: Actor) -> None:
    lin = await given.person("lin")
    await outside_of_general(lin.chat, lin.person)
    watcher, apart = await watches(ada), await watches(lin)
    assert apart.shown == {}
    graces = await grace.connects()
    await watcher.sees(grace="online", lin="offline")
    await graces.asks("presence", active=False)
    await watcher.sees(grace="away")
    await apart.ear.asks("ping")
    assert apart.ear._news == []


async def test_a_shared_room_is_enough_and_its_end_is_the_end(given: Given, ada: Actor, grace: Actor) -> None:
    lin = await given.person("lin")
    await outside_of_general(lin.chat, lin.person)
    watcher, graces = await watches(lin), await grace.connects()
    await given.room("Designers", owner=ada, members=[grace, lin])
    await watcher.sees(grace="online", lin="online", ada="offline")
    await ada.chat.memberships.remove(ada.person, "designers", "grace")
    await watcher.sees(grace="offline")
    await graces.asks("presence", active=False)
    await ada.connects()
    await watcher.sees(ada="online")
    assert "away" not in watcher.shown.values()


async def test_who_is_taken_out_is_told_no_more_of_the_others(given: Given, ada: Actor, grace: Actor) -> None:
    lin = await given.person("lin")
    await outside_of_general(lin.chat, lin.person)
    await grace.connects()
    await given.room("Designers", owner=ada, members=[grace, lin])
    watcher = await watches(lin)
    await watcher.sees(grace="online")
    await ada.chat.memberships.remove(ada.person, "designers", "lin")
    await watcher.sees(grace="offline")
    assert watcher.shown == {}


async def test_a_direct_room_is_shared_too(given: Given, grace: Actor) -> None:
    lin = await given.person("lin")
    await outside_of_general(lin.chat, lin.person)
    watcher = await watches(grace)
    await lin.connects()
    await grace.chat.rooms.open_direct(grace.person, "lin")
    await watcher.sees(lin="online")


async def test_who_hides_is_offline_to_everybody_at_once(ada: Actor, grace: Actor) -> None:
    watcher, graces = await watches(ada), await watches(grace)
    await watcher.sees(grace="online")
    await grace.chat.presence.set_hidden(grace.person, True)
    await watcher.sees(grace="offline")
    await graces.sees(ada="online", grace="offline")
    before = watcher.frames
    await graces.ear.asks("presence", active=False)
    again = await grace.connects()
    await again.asks("presence")
    await grace.chat.presence.set_hidden(grace.person, False)
    await watcher.sees(grace="online")
    assert watcher.frames == before + 1


async def test_nobody_sees_who_hides_typing(ada: Actor, grace: Actor) -> None:
    ear, graces = await ada.listens_to(), await grace.listens_to()
    await grace.chat.presence.set_hidden(grace.person, True)
    await graces.asks("typing", room="general")
    await graces.says("hello")
    await ear.hears_messages(1)
    assert [frame["event"] for frame in ear._news] == []
    await grace.chat.presence.set_hidden(grace.person, False)
    await graces.asks("typing", room="general")
    assert (await ear.hears("typing"))["username"] == "grace"


async def test_who_is_disabled_is_gone_at_once(ada: Actor, grace: Actor) -> None:
    watcher = await watches(ada)
    await grace.connects()
    await watcher.sees(grace="online")
    await ada.chat.accounts.set_disabled(ada.person, "grace", True)
    await watcher.sees(grace="offline")


async def test_why_one_is_away_is_told_when_it_changes(ada: Actor, grace: Actor) -> None:
    watcher, presence = await watches(ada), grace.chat.presence
    graces = await grace.connects()
    await watcher.sees(grace="online")
    for status in ("at lunch", "at <i>dinner</i>"):
        await presence.set_away(grace.person, status)
        await watcher.reads(grace=status)
        assert watcher.of("grace") == "away"
    newcomer = await watches(ada)
    assert newcomer.statuses["grace"] == "at <i>dinner</i>"
    await presence.set_away(grace.person, "on holiday")
    await watcher.reads(grace="on holiday")
    await graces.ws.close()
    await watcher.sees(grace="offline")
    # It holds until they say that they are back.
    assert watcher.statuses["grace"] == "on holiday"
    await grace.connects()
    await watcher.sees(grace="away")
    await presence.set_back(grace.person)
    await watcher.sees(grace="online")
    assert watcher.statuses["grace"] == ""


async def test_why_one_is_away_is_for_those_who_share_a_room(given: Given, ada: Actor, grace: Actor) -> None:
    lin = await given.person("lin")
    await outside_of_general(lin.chat, lin.person)
    watcher, apart = await watches(ada), await watches(lin)
    await grace.connects()
    await grace.chat.presence.set_away(grace.person, "at lunch")
    await watcher.reads(grace="at lunch")
    await apart.ear.asks("ping")
    assert apart.ear._news == []
    assert {each.status for each in await lin.chat.memberships.members(lin.person, "general")} == {""}
    assert "at lunch" in {each.status for each in await ada.chat.memberships.members(ada.person, "general")}
