"""A room of thousands is written to in parts: the others' turns come in between, and nothing else is different."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import pairwise

import pytest

from chatapp.core.models import Message
from chatapp.realtime.hub import Hub
from tests.support.listener import ROOM, FakeListener, listener, listens, message, numbers, published


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def a_few(monkeypatch: pytest.MonkeyPatch) -> int:
    """To so many the hub writes in one turn."""
    monkeypatch.setattr("chatapp.realtime.hub.WRITES_A_TURN", 3)
    return 3


def heard_by(ears: Sequence[FakeListener]) -> list[list[int]]:
    return [ear.heard for ear in ears]


async def test_a_large_room_is_written_to_in_parts_with_a_turn_for_others_between(hub: Hub, a_few: int) -> None:
    ears = [listener(number) for number in range(2 * a_few + 1)]
    for ear in ears:
        listens(hub, ear)
    reached = []
    hub.publish(ROOM, [message(1)])
    for _ in range(4):
        await asyncio.sleep(0)
        reached.append(sum(ear.heard == [1] for ear in ears))
    assert reached == [a_few, 2 * a_few, 2 * a_few + 1, 2 * a_few + 1]


async def test_of_a_room_of_thousands_a_small_part_is_written_to_before_the_loop_turns(hub: Hub) -> None:
    """With the hub's own number, whatever that is: the others of this file put theirs in its place."""
    ears = [listener(number) for number in range(2_000)]
    for ear in ears:
        listens(hub, ear)
    hub.publish(ROOM, [message(version) for version in range(1, 6)])
    reached = [0]
    while reached[-1] < len(ears):
        await asyncio.sleep(0)
        reached.append(sum(bool(ear.frames) for ear in ears))
    assert max(later - earlier for earlier, later in pairwise(reached)) < len(ears) / 10
    assert heard_by(ears) == [[1, 2, 3, 4, 5]] * len(ears)


async def test_what_is_said_while_others_are_written_to_comes_after_that_for_everybody(hub: Hub, a_few: int) -> None:
    ears = [listener(number) for number in range(2 * a_few)]
    for ear in ears:
        listens(hub, ear)
    await published(hub, 1)
    await published(hub, 2, 3)
    for _ in range(5):
        await asyncio.sleep(0)
    assert heard_by(ears) == [[1, 2, 3]] * len(ears)
    assert not hub._unflushed


async def test_a_small_room_does_not_wait_for_the_whole_of_a_large_one(hub: Hub, a_few: int) -> None:
    crowd, friend = [listener(number) for number in range(5 * a_few)], listener(99)
    for ear in crowd:
        listens(hub, ear)
    listens(hub, friend, 2)
    hub.publish(ROOM, [message(1)])
    await published(hub, 1, room_id=2)
    await asyncio.sleep(0)
    assert friend.heard == [1]
    assert [] in heard_by(crowd)


async def test_who_loses_the_right_while_others_are_written_to_hears_nothing(hub: Hub, a_few: int) -> None:
    ears = [listener(number) for number in range(2 * a_few)]
    for ear in ears:
        listens(hub, ear)
    await published(hub, 1)
    late = [ear for ear in ears if not ear.heard]
    for ear in late:
        hub.drop(ROOM, ear.identity.person.id, "general")
    await asyncio.sleep(0)
    assert (len(late), heard_by(late)) == (a_few, [[]] * a_few)


async def test_who_goes_live_while_others_are_written_to_has_read_it_or_is_behind(hub: Hub, a_few: int) -> None:
    for number in range(2 * a_few):
        listens(hub, listener(number))
    await published(hub, 1)
    too_soon, in_time = [hub.join(listener(90 + n), ROOM, "general", numbers) for n in range(2)]
    assert not hub.go_live(too_soon, 0, 0)
    assert hub.go_live(in_time, 1, 1)
    await published(hub, 2)
    for _ in range(4):
        await asyncio.sleep(0)
    assert isinstance(in_time.listener, FakeListener)
    assert in_time.listener.heard == [2]


async def test_a_change_that_cannot_be_said_keeps_no_later_one_back(hub: Hub) -> None:
    """A bug in one voice must not make a room deaf."""
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    ears = listener(1), listener(2)

    def fails_once(slug: str, changes: Sequence[Message]) -> bytes:
        if changes[0].version == 1:
            raise ValueError
        return numbers(slug, changes)

    hub.go_live(hub.join(ears[0], 1, "general", fails_once), 0, 0)
    listens(hub, ears[1], 2)
    hub.publish(1, [message(1)])
    await published(hub, 1, room_id=2)
    await published(hub, 2, room_id=1)
    assert heard_by(ears) == [[2], [1]]
