"""Closed browsers are told of what is meant for their people, once, and of nothing that is not theirs to see."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

from chatapp.core.notifications import AWAY_MS
from chatapp.domain import pushing
from chatapp.domain.pushing import Letter
from chatapp.jobs.push import Courier, Pusher
from chatapp.settings import Settings
from chatapp.storage.tables import push_subscriptions
from tests.support.house import open_house
from tests.support.push_service import SETTINGS
from tests.support.pushing import Scene, closing, scene
from tests.support.time import SettableClock, eventually


async def test_a_closed_browser_is_told_who_said_what_and_where(s: Scene) -> None:
    index = await s.says("**Lunch?**")
    await s.works()
    (notice,) = s.browser.notices()
    wanted = {"title": "ada · #general", "body": "Lunch?", "tag": "general", "room": "general"}
    assert notice == {**wanted, "url": f"/rooms/general/{index}"}
    assert await s.waiting() == []
    (device,) = await s.house.chat.push.devices(s.grace)
    assert device.used_at == s.house.clock()


async def test_what_comes_together_is_told_as_one_the_newest(s: Scene) -> None:
    for word in ("one", "two", "three"):
        await s.says(word)
    assert await s.told() == ["three"]
    assert await s.told() == ["three"]
    await s.says("four")
    assert await s.told() == ["three", "four"]
    first, second = s.service.taken
    # The later takes the place of the earlier, at the push service and on the screen.
    assert first.headers["Topic"] == second.headers["Topic"]


async def test_of_another_room_there_is_another_notice(s: Scene) -> None:
    room = await s.house.chat.rooms.open_direct(s.ada, "grace")
    await s.says("to all")
    await s.says("to you", room=room.slug)
    assert sorted(await s.told()) == ["to all", "to you"]
    urgent = {each.headers["Topic"]: each.headers["Urgency"] for each in s.service.taken}
    assert sorted(urgent.values()) == ["high", "normal"]


async def test_a_direct_message_bears_the_name_of_who_wrote_it(s: Scene) -> None:
    room = await s.house.chat.rooms.open_direct(s.ada, "grace")
    await s.says("hello", room=room.slug)
    await s.works()
    assert s.browser.notices()[0]["title"] == "ada"


async def test_nobody_is_told_of_their_own_words(s: Scene) -> None:
    await s.says("mine", by=s.grace)
    assert await s.told() == []


@pytest.mark.parametrize(
    ("level", "told"),
    [("all", ["plain", "for @grace", "answer"]), ("mentions", ["for @grace", "answer"]), ("nothing", [])],
)
async def test_the_level_of_the_room_decides_as_in_the_tab(s: Scene, level: Any, told: list[str]) -> None:
    mine = await s.says("question", by=s.grace)
    await s.house.chat.memberships.set_level(s.grace, "general", level)
    for words, reply_to in (("plain", None), ("for @grace", None), ("answer", mine)):
        await s.says(words, reply_to=reply_to)
        await s.works()
    assert [notice["body"] for notice in s.browser.notices()] == told


async def test_who_has_read_it_is_not_told(s: Scene) -> None:
    index = await s.says("seen")
    while await s.house.chat.push.pushing.deciding.next():
        pass
    await s.house.chat.memberships.mark_read(s.grace, "general", index)
    assert await s.told() == []
    assert await s.waiting() == []


async def test_who_is_connected_is_not_told_and_who_was_just_now_is_later(s: Scene) -> None:
    socket = s.house.connects(s.identity)
    await s.says("they see this")
    assert await s.told() == []
    s.house.clock.passes(seconds=AWAY_MS // 1000)
    assert await s.told() == []
    assert await s.waiting() == []
    await s.says("they leave at that")
    await s.works()
    s.house.chat.presence.went(socket, is_lost=True)
    s.house.clock.passes(seconds=AWAY_MS // 1000 - 1)
    assert await s.told() == []
    s.house.clock.passes(seconds=1)
    assert await s.told() == ["they leave at that"]


async def test_after_a_start_everybody_has_time_to_come_back(settings: Settings, clock: SettableClock) -> None:
    async with scene(settings, clock) as s:
        await s.says("before")
        await s.works()
    clock.passes(seconds=1)
    renewed = replace(settings, limits=False, **SETTINGS)
    async with open_house(renewed, clock) as house, closing(Courier(renewed, clock)) as courier:
        again = Scene(house, s.service, Pusher(house.chat.push.pushing, courier))
        await again.says("after", by=s.ada)
        await again.works()
        assert len(await again.waiting()) == 1


async def test_what_is_hidden_is_not_in_the_notice(s: Scene) -> None:
    await s.house.chat.notifications.set_words(s.grace, are_hidden=True)
    await s.says("a secret")
    assert await s.told() == ["1 new message"]


async def test_a_deleted_message_is_not_told(s: Scene) -> None:
    index = await s.says("oh no")
    while await s.house.chat.push.pushing.deciding.next():
        pass
    await s.house.chat.messages.delete(s.ada, "general", index)
    assert await s.told() == []


async def test_who_is_no_member_any_more_is_told_nothing(s: Scene) -> None:
    room = await s.house.chat.rooms.create(s.ada, name="Plans", kind="closed")
    await s.house.chat.memberships.add(s.ada, room.slug, "grace")
    await s.says("for members", room=room.slug)
    while await s.house.chat.push.pushing.deciding.next():
        pass
    assert len(await s.waiting()) == 1
    await s.house.chat.memberships.remove(s.ada, room.slug, "grace")
    assert await s.told() == []
    assert await s.waiting() == []


@pytest.mark.parametrize("ending", ["logout", "end session", "disable", "new password", "turn off"])
async def test_with_the_session_the_browser_is_told_no_more(s: Scene, ending: str) -> None:
    await s.says("too late")
    while await s.house.chat.push.pushing.deciding.next():
        pass
    chat = s.house.chat
    if ending == "logout":
        await chat.sign_in.log_out(s.identity)
    elif ending == "end session":
        await chat.sign_in.end_session(s.grace, s.identity.session_digest or "")
    elif ending == "disable":
        await chat.accounts.set_disabled(s.ada, "grace", True)
    elif ending == "turn off":
        await chat.push.unsubscribe(s.identity)
    else:
        await chat.sign_in.end_other_sessions(await s.house.signs_in("grace"))
    assert await s.told() == []
    assert await s.waiting() == []
    assert await chat.push.devices(s.grace) == []


async def test_a_session_that_nobody_used_for_long_ends_it_too(s: Scene) -> None:
    s.house.clock.passes(days=s.house.settings.session_idle_days)
    await s.says("nobody there")
    assert await s.told() == []
    assert await s.house.chat.push.devices(s.grace) == []


@pytest.mark.parametrize("status", [404, 410])
async def test_a_subscription_that_is_gone_is_dropped(s: Scene, status: int) -> None:
    s.service.answers[s.browser.path] = [(status, {})]
    await s.says("hello")
    assert await s.told() == []
    assert await s.house.chat.push.devices(s.grace) == []
    assert await s.waiting() == []


@pytest.mark.parametrize("status", [500, 503, 400, 302])
async def test_what_fails_is_tried_ever_later_and_given_up(s: Scene, status: int) -> None:
    s.service.answers[s.browser.path] = [(status, {"Location": s.browser.endpoint})] * 1000
    await s.says("hello")
    for attempt in range(1, pushing.MOST_ATTEMPTS + 1):
        await s.works()
        assert len(s.service.refused) == attempt
        await s.works()
        assert len(s.service.refused) == attempt
        s.house.clock.passes(seconds=5 * 2 ** (attempt - 1))
    assert await s.waiting() == []
    assert await s.told() == []
    # The browser itself is told of what comes next.
    del s.service.answers[s.browser.path]
    await s.says("again")
    assert await s.told() == ["again"]


async def test_what_fails_once_is_told_later_as_it_is_then(s: Scene) -> None:
    s.service.answers[s.browser.path] = [(500, {})]
    await s.says("first")
    await s.works()
    await s.says("second")
    s.house.clock.passes(seconds=5)
    assert await s.told() == ["second"]


@pytest.mark.parametrize("status", [429, 503])
async def test_a_push_service_is_left_alone_for_as_long_as_it_says(s: Scene, status: int) -> None:
    s.service.answers[s.browser.path] = [(status, {"Retry-After": "600"})]
    await s.says("hello")
    await s.works()
    s.house.clock.passes(seconds=599)
    assert await s.told() == []
    s.house.clock.passes(seconds=1)
    assert await s.told() == ["hello"]


async def test_one_that_cannot_be_written_keeps_no_other_from_it(s: Scene) -> None:
    _, second = await s.subscribes("grace")
    async with s.house.database.transaction() as tx:
        broken = sa.update(push_subscriptions).values(p256dh="broken")
        await tx.execute(broken.where(push_subscriptions.c.endpoint == s.browser.endpoint))
    await s.says("hello")
    await s.works()
    assert [each["body"] for each in second.notices()] == ["hello"]
    (left,) = await s.waiting()
    assert left.attempts == 1


async def test_what_is_added_while_it_is_sent_is_not_lost(s: Scene) -> None:
    await s.says("one")
    while await s.house.chat.push.pushing.deciding.next():
        pass
    (due,) = await s.house.chat.push.pushing.next()
    letter = await s.house.chat.push.pushing.letter(due)
    assert letter is not None
    await s.says("two")
    while await s.house.chat.push.pushing.deciding.next():
        pass
    await s.house.chat.push.pushing.taken(letter)
    assert await s.told() == ["two"]


async def test_a_browser_that_cannot_be_reached_is_not_tried_for_every_room(
    s: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pushing, "AT_ONCE", 1)
    room = await s.house.chat.rooms.open_direct(s.ada, "grace")
    s.service.answers[s.browser.path] = [(500, {})]
    await s.says("to all")
    await s.says("to you", room=room.slug)
    assert await s.told() == []
    assert len(s.service.refused) == 1
    s.house.clock.passes(seconds=5)
    assert sorted(await s.told()) == ["to all", "to you"]


async def test_one_browser_that_fails_does_not_keep_another_from_it(s: Scene) -> None:
    _, second = await s.subscribes("grace")
    s.service.answers[s.browser.path] = [(500, {})]
    await s.says("hello")
    await s.works()
    assert [each["body"] for each in second.notices()] == ["hello"]
    s.house.clock.passes(seconds=5)
    await s.works()
    assert len(second.notices()) == len(s.browser.notices()) == 1


async def test_a_push_service_that_is_silent_keeps_no_other_from_being_asked(
    s: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, second = await s.subscribes("grace")
    deliver, is_over, asked = Courier.deliver, asyncio.Event(), []

    async def silent_for_one(courier: Courier, letter: Letter) -> None:
        asked.append(letter.address)
        if letter.address.endswith(s.browser.path):
            await is_over.wait()
        await deliver(courier, letter)

    monkeypatch.setattr(Courier, "deliver", silent_for_one)
    async with s.pusher:
        await s.says("one")
        await eventually(lambda: len(asked) == 2)
        await eventually(lambda: [each["body"] for each in second.notices()] == ["one"])
        await s.says("two")
        await eventually(lambda: [each["body"] for each in second.notices()] == ["one", "two"])
        # The silent one is asked once, and told of the newest when it is back.
        assert sum(address.endswith(s.browser.path) for address in asked) == 1
        is_over.set()
        await eventually(lambda: [each["body"] for each in s.browser.notices()] == ["one", "two"])
