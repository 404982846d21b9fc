"""What comes while somebody wants quiet is told to their closed browsers together, when they want it no longer."""

from __future__ import annotations

from tests.support.house import PASSWORD
from tests.support.pushing import Scene


async def test_what_comes_in_quiet_hours_is_told_as_one_when_they_end(s: Scene) -> None:
    room = await s.house.chat.rooms.open_direct(s.ada, "grace")
    await s.house.chat.notifications.set_silence(s.grace, "hour")
    for words in ("one", "two"):
        await s.says(words)
        await s.works()
    await s.says("three", room=room.slug)
    s.house.clock.passes(minutes=59)
    assert await s.told() == []
    s.house.clock.passes(minutes=1)
    await s.works()
    (notice,) = s.browser.notices()
    assert (notice["body"], notice["url"], notice["tag"]) == ("3 new messages", "/rooms", "held")
    assert await s.waiting() == []
    await s.says("four")
    assert await s.told() == ["3 new messages", "four"]


async def test_hours_that_come_again_hold_back_in_the_time_zone_of_the_person(s: Scene) -> None:
    every_day = {"days": 127, "begin": "00:00", "end": "23:59", "time_zone": "Asia/Tokyo"}
    await s.house.chat.notifications.set_quiet_hours(s.grace, **every_day)  # type: ignore[arg-type]
    await s.says("in the night")
    assert await s.told() == []
    (held,) = await s.waiting()
    assert held.is_held
    person, _ = await s.house.chat.sign_in.check_password("grace", PASSWORD, address="192.0.2.1")
    calm = await s.house.chat.notifications.calm(person, await s.house.chat.notifications.settings(person))
    assert calm.changes_at is not None
    s.house.clock.now = calm.changes_at - 1
    assert await s.told() == []
    s.house.clock.passes(seconds=1)
    assert await s.told() == ["1 new message"]


async def test_silence_that_is_ended_early_tells_at_once(s: Scene) -> None:
    await s.house.chat.notifications.set_silence(s.grace, "tomorrow")
    await s.says("one")
    assert await s.told() == []
    await s.house.chat.notifications.set_silence(s.grace, "over")
    assert await s.told() == ["1 new message"]


async def test_of_a_room_that_they_want_to_hear_less_of_nothing_is_kept(s: Scene) -> None:
    await s.house.chat.notifications.set_silence(s.grace, "hour")
    await s.says("chatter")
    await s.works()
    await s.house.chat.memberships.set_level(s.grace, "general", "mentions")
    await s.says("for @grace")
    s.house.clock.passes(minutes=60)
    assert await s.told() == ["for @grace"]


async def test_what_was_read_or_left_meanwhile_is_not_in_the_summary(s: Scene) -> None:
    room = await s.house.chat.rooms.create(s.ada, name="Plans", kind="closed")
    await s.house.chat.memberships.add(s.ada, room.slug, "grace")
    await s.house.chat.notifications.set_silence(s.grace, "hour")
    index = await s.says("in general")
    await s.says("in plans", room=room.slug)
    await s.works()
    await s.house.chat.memberships.remove(s.ada, room.slug, "grace")
    s.house.clock.passes(minutes=60)
    await s.house.chat.memberships.mark_read(s.grace, "general", index)
    assert await s.told() == []
    assert await s.waiting() == []


async def test_a_summary_that_fails_is_told_later_whole(s: Scene) -> None:
    room = await s.house.chat.rooms.open_direct(s.ada, "grace")
    await s.house.chat.notifications.set_silence(s.grace, "hour")
    await s.says("one")
    await s.says("two", room=room.slug)
    await s.works()
    s.house.clock.passes(minutes=60)
    s.service.answers[s.browser.path] = [(500, {})]
    assert await s.told() == []
    s.house.clock.passes(seconds=5)
    assert await s.told() == ["2 new messages"]
