"""Whom to tell, and whom no longer."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence

import pytest

from chatapp.core.events import RoomChanged
from chatapp.core.models import Message
from chatapp.realtime.hub import Hub
from tests.support.listener import ROOM, FakeListener, listener, listens, message, numbers, published

CHANGED = RoomChanged("general", "General", "", "open")


@pytest.fixture
def hub() -> Hub:
    return Hub()


# Rooms


async def test_everybody_in_the_room_hears_and_nobody_else(hub: Hub) -> None:
    inside, too, outside = listener(1), listener(2), listener(3)
    for ear, room_id in ((inside, 1), (too, 1), (outside, 2)):
        listens(hub, ear, room_id)
    await published(hub, 1)
    await published(hub, 2, 3)
    assert (inside.heard, too.heard, outside.heard) == ([1, 2, 3], [1, 2, 3], [])


async def test_changes_of_one_turn_are_one_frame_per_room(hub: Hub) -> None:
    ear = listener()
    listens(hub, ear, 1)
    listens(hub, ear, 2)
    hub.publish(1, [message(1)])
    hub.publish(2, [message(1, 2)])
    hub.publish(1, [message(2), message(3)])
    await asyncio.sleep(0)
    assert [json.loads(frame) for frame in ear.frames] == [["room-1", [1, 2, 3]], ["room-2", [1]]]


async def test_a_frame_is_encoded_once_for_all_who_hear_alike(hub: Hub) -> None:
    spoken: list[int] = []

    def counted(slug: str, changes: Sequence[Message]) -> bytes:
        spoken.append(len(changes))
        return numbers(slug, changes)

    for number in range(50):
        hub.go_live(hub.join(listener(number), ROOM, "general", counted), 0, 0)
    await published(hub, 1)
    assert spoken == [1]


async def test_who_wants_posts_hears_of_no_change_to_what_was_posted_before(hub: Hub) -> None:
    early, late, every = listener(1), listener(2), listener(3)
    for ear, index in ((early, 2), (late, 3)):
        hub.go_live(hub.join(ear, ROOM, "general", numbers, is_of_posts=True), index, index)
    listens(hub, every, version=2)
    # A post, a change to it, a change to what was there, and another post, all heard of in one turn.
    hub.publish(ROOM, [message(3), message(4, index=3), message(5, index=1), message(6, index=4)])
    await asyncio.sleep(0)
    hub.publish(ROOM, [message(7, index=4), message(8, index=2)])
    await asyncio.sleep(0)
    await published(hub, 9)
    assert (early.heard, late.heard, every.heard) == ([3, 6, 9], [6, 9], [3, 4, 5, 6, 7, 8, 9])


async def test_a_subscription_hears_nothing_before_it_is_live(hub: Hub) -> None:
    ear = listener()
    subscription = hub.join(ear, ROOM, "general", numbers)
    await published(hub, 1)
    assert ear.heard == []
    assert not hub.go_live(subscription, 0, 0)
    assert hub.go_live(subscription, 1, 1)
    await published(hub, 2)
    assert ear.heard == [2]


async def test_what_was_read_before_it_was_announced_is_not_heard_again(hub: Hub) -> None:
    ear = listener()
    subscription = hub.join(ear, ROOM, "general", numbers)
    hub.publish(ROOM, [message(1), message(2)])
    assert hub.go_live(subscription, 3, 3)
    hub.publish(ROOM, [message(3), message(4)])
    await asyncio.sleep(0)
    await published(hub, 5)
    assert ear.heard == [4, 5]


async def test_what_was_published_but_not_sent_yet_is_heard_by_who_has_not_read_it(hub: Hub) -> None:
    ear = listener()
    subscription = hub.join(ear, ROOM, "general", numbers)
    hub.publish(ROOM, [message(1), message(2)])
    assert hub.go_live(subscription, 1, 1)
    await asyncio.sleep(0)
    assert ear.heard == [2]


async def test_who_has_left_hears_no_more(hub: Hub) -> None:
    ear = listener()
    subscription = listens(hub, ear)
    hub.publish(ROOM, [message(1)])
    hub.leave(subscription)
    await asyncio.sleep(0)
    await published(hub, 2)
    assert ear.heard == []
    assert subscription.is_closed


async def test_leaving_twice_is_leaving(hub: Hub) -> None:
    subscription = listens(hub, listener())
    hub.leave(subscription)
    hub.leave(subscription)
    assert hub._rooms == {}


async def test_a_room_that_nobody_hears_is_forgotten(hub: Hub) -> None:
    await published(hub, 1)
    subscription = listens(hub, listener())
    hub.publish(ROOM, [message(2)])
    hub.leave(subscription)
    await asyncio.sleep(0)
    assert hub._rooms == {}


# Slow readers


async def test_who_does_not_read_falls_behind_alone(hub: Hub) -> None:
    slow, quick = listener(1), listener(2)
    subscription = listens(hub, slow)
    listens(hub, quick)
    await published(hub, 1)
    slow.is_reading = False
    await published(hub, 2)
    await published(hub, 3)
    assert (slow.heard, slow.behind) == ([1], [subscription])
    assert quick.heard == [1, 2, 3]
    assert (subscription.version, subscription.index) == (1, 1)


async def test_who_fell_behind_comes_back_after_reading_the_log(hub: Hub) -> None:
    ear = listener()
    subscription = listens(hub, ear)
    ear.is_reading = False
    await published(hub, 1)
    await published(hub, 2)
    ear.is_reading = True
    assert not hub.go_live(subscription, 1, 1)
    assert hub.go_live(subscription, 2, 2)
    await published(hub, 3)
    assert ear.heard == [3]


async def test_an_edit_does_not_lower_where_a_reader_stands(hub: Hub) -> None:
    ear = listener()
    subscription = listens(hub, ear)
    await published(hub, 1, 2, 3)
    hub.publish(ROOM, [message(4, index=1)])
    await asyncio.sleep(0)
    ear.is_reading = False
    await published(hub, 5)
    assert (subscription.version, subscription.index) == (4, 3)


async def test_a_voice_that_has_nothing_to_say_makes_nobody_fall_behind(hub: Hub) -> None:
    ear = listener()
    hub.go_live(hub.join(ear, ROOM, "general", lambda _slug, _changes: b""), 0, 0)
    ear.is_reading = False
    await published(hub, 1)
    assert ear.behind == []


# The right to hear


async def test_a_membership_that_is_gone_silences_all_sockets_of_that_person_at_once(hub: Hub) -> None:
    here, there, other = listener(1), listener(1), listener(2)
    gone = [listens(hub, ear) for ear in (here, there)]
    listens(hub, other)
    for ear in (here, there, other):
        hub.enter(ear)
    hub.publish(ROOM, [message(1)])
    hub.drop(ROOM, 1, "general")
    await asyncio.sleep(0)
    await published(hub, 2)
    assert (here.heard, there.heard, other.heard) == ([], [], [1, 2])
    assert here.gone + there.gone == gone
    assert here.told == there.told == [{"event": "roomRemoved", "room": "general"}]
    assert other.told == []


async def test_a_subscription_that_is_still_reading_is_dropped_as_well(hub: Hub) -> None:
    subscription = hub.join(listener(1), ROOM, "general", numbers)
    hub.drop(ROOM, 1, "general")
    assert subscription.is_closed


async def test_dropping_from_a_room_that_nobody_hears_is_fine(hub: Hub) -> None:
    ear = listener(1)
    hub.enter(ear)
    hub.drop(99, 1, "elsewhere")
    assert ear.told == [{"event": "roomRemoved", "room": "elsewhere"}]


# People


def entered(hub: Hub, *ears: FakeListener) -> None:
    for ear in ears:
        hub.enter(ear)


async def test_news_for_people_reaches_all_their_sockets(hub: Hub) -> None:
    here, there, other = listener(1), listener(1), listener(2)
    entered(hub, here, there, other)
    hub.tell([1], CHANGED, except_for=there)
    assert [len(ear.told) for ear in (here, there, other)] == [1, 0, 0]
    hub.tell_everyone(CHANGED)
    assert [len(ear.told) for ear in (here, there, other)] == [2, 1, 1]


async def test_news_for_nobody_is_fine(hub: Hub) -> None:
    hub.tell([5], CHANGED)
    assert len(hub) == 0


async def test_sockets_are_counted_until_they_go(hub: Hub) -> None:
    here, there = listener(1), listener(1)
    entered(hub, here, there)
    assert len(hub) == 2
    for ear in (here, there, there):
        hub.exit(ear)
    assert (len(hub), dict(hub._people)) == (0, {})


async def test_ending_a_session_ends_its_sockets_only(hub: Hub) -> None:
    mine, other = listener(1, session="a"), listener(1, session="b")
    by_token, by_another = listener(1, token=7), listener(1, token=8)
    entered(hub, mine, other, by_token, by_another)
    hub.end_session("a")
    hub.end_token(8)
    assert [ear.ended for ear in (mine, other, by_token, by_another)] == [[4401], [], [], [4401]]


async def test_ending_a_person_ends_all_of_their_sockets(hub: Hub) -> None:
    mine, other, by_token, stranger = listener(1, session="a"), listener(1, session="b"), listener(1), listener(2)
    entered(hub, mine, other, by_token, stranger)
    hub.end_person(1)
    assert [ear.ended for ear in (mine, other, by_token, stranger)] == [[4401], [4401], [4401], []]


async def test_who_was_asked_about_before_is_asked_about_again_once_news_may_be_missing(hub: Hub) -> None:
    endings, removals = hub.endings, hub.removals
    hub.doubt_everyone()
    assert hub.endings > endings
    assert hub.removals > removals


async def test_everyone_can_be_sent_home(hub: Hub) -> None:
    ears = [listener(number) for number in range(3)]
    entered(hub, *ears)
    hub.end_everyone(1012, "restart")
    assert [ear.ended for ear in ears] == [[1012]] * 3


# Waiting without a socket


async def test_a_watcher_is_woken_by_the_next_change(hub: Hub) -> None:
    with hub.watching(ROOM, "general") as changed, hub.watching(2, "other") as elsewhere:
        await published(hub, 1)
        assert changed.done()
        assert not elsewhere.done()
        await published(hub, 2)
    assert hub._rooms == {}


async def test_a_watcher_who_gave_up_is_no_trouble(hub: Hub) -> None:
    with hub.watching(ROOM, "general") as first, hub.watching(ROOM, "general") as second:
        first.cancel()
        await published(hub, 1)
        assert second.done()
