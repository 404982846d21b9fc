"""However the changes of several processes arrive, a room hears each once, in order, and none is missing."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable

import pytest

from chatapp.core.errors import Unavailable
from chatapp.core.models import History, Message
from chatapp.realtime import sequencer as sequencers
from chatapp.realtime.hub import Hub
from chatapp.realtime.sequencer import Sequencer
from tests.support.house import until
from tests.support.listener import FakeListener, listener, message, numbers

ROOM = 1


class Stage:
    """A room whose log is a list, with a listener who has heard it up to some version."""

    def __init__(self) -> None:
        self.hub = Hub()
        self.log: list[Message] = []
        self.sequencer = Sequencer(self.hub, self._read)
        self.asked: list[int] = []
        self.refusals = 0
        # What happens once, between what is read and the answer.
        self.meanwhile: Callable[[], None] | None = None

    def stores(self, count: int) -> list[Message]:
        new = [message(len(self.log) + number) for number in range(1, count + 1)]
        self.log += new
        return new

    def hears(self, version: int = 0) -> FakeListener:
        ear = listener()
        assert self.hub.go_live(self.hub.join(ear, ROOM, "general", numbers), version, version)
        return ear

    def arrive(self, *versions: int) -> None:
        changes = [self.log[version - 1] for version in versions]
        self.sequencer.arrived(ROOM, versions[0], versions[-1], changes)

    async def _read(self, room_id: int, version: int, limit: int) -> History:
        self.asked.append(version)
        await asyncio.sleep(0)
        if self.refusals:
            self.refusals -= 1
            raise Unavailable
        found = [message for message in self.log if message.version > version]
        answer = History(tuple(found[:limit]), len(self.log), len(self.log))
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()
        return answer


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    yield made
    await made.sequencer.close()


# Rules


async def test_what_follows_goes_through_at_once_and_nothing_is_read(stage: Stage) -> None:
    stage.stores(4)
    ear = stage.hears()
    stage.arrive(1)
    stage.arrive(2, 3)
    stage.arrive(4)
    await asyncio.sleep(0)
    assert (ear.heard, stage.asked) == ([1, 2, 3, 4], [])


async def test_what_was_passed_on_is_ignored(stage: Stage) -> None:
    stage.stores(3)
    ear = stage.hears()
    for versions in [(1, 2), (1,), (2,), (1, 2, 3), (3,)]:
        stage.arrive(*versions)
        await asyncio.sleep(0)
    assert (ear.heard, stage.asked) == ([1, 2, 3], [])


async def test_what_comes_early_waits_a_moment_for_what_is_on_its_way(stage: Stage) -> None:
    stage.stores(4)
    ear = stage.hears()
    stage.arrive(3, 4)
    stage.arrive(2)
    stage.arrive(1)
    await until(lambda: ear.heard == [1, 2, 3, 4])
    await until(lambda: not stage.sequencer._holes)
    assert stage.asked == []


async def test_what_does_not_come_is_read_from_the_log(stage: Stage) -> None:
    stage.stores(5)
    ear = stage.hears()
    stage.arrive(1)
    stage.arrive(4)
    await until(lambda: ear.heard == [1, 2, 3, 4, 5])
    assert stage.asked == [1]


async def test_a_number_alone_is_enough(stage: Stage) -> None:
    stage.stores(3)
    ear = stage.hears(1)
    stage.sequencer.arrived(ROOM, 3, 3)
    await until(lambda: ear.heard == [2, 3])


async def test_a_long_hole_is_read_in_pages(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencers, "PAGE", 10)
    stage.stores(95)
    ear = stage.hears()
    stage.sequencer.arrived(ROOM, 95, 95)
    await until(lambda: ear.heard == list(range(1, 96)))
    assert stage.asked == list(range(0, 95, 10))


async def test_one_read_for_a_room_at_a_time(stage: Stage) -> None:
    stage.stores(20)
    ear = stage.hears()
    for version in range(2, 21):
        stage.arrive(version)
    await until(lambda: ear.heard == list(range(1, 21)))
    assert stage.asked == [0]


async def test_what_came_while_the_log_was_read_is_not_its_end(stage: Stage) -> None:
    stage.stores(2)
    ear = stage.hears()

    def meanwhile() -> None:
        stage.stores(4)
        for version in (1, 3, 6):
            stage.arrive(version)

    stage.meanwhile = meanwhile
    stage.arrive(2)
    await until(lambda: ear.heard == [1, 2, 3, 4, 5, 6])


async def test_what_cannot_be_read_is_read_later(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sequencers, "AGAIN_SECONDS", 0.01)
    stage.stores(3)
    ear = stage.hears()
    stage.refusals = 3
    stage.arrive(3)
    await until(lambda: ear.heard == [1, 2, 3])


# Who comes while it happens


async def test_who_has_read_less_than_was_heard_of_is_not_let_in(stage: Stage) -> None:
    stage.stores(5)
    subscription = stage.hub.join(listener(), ROOM, "general", numbers)
    stage.arrive(5)
    assert not stage.hub.go_live(subscription, 4, 4)
    assert stage.hub.go_live(subscription, 5, 5)


async def test_who_has_read_more_than_was_told_hears_none_of_it_twice(stage: Stage) -> None:
    stage.stores(6)
    first, second = stage.hears(2), stage.hears(4)
    stage.arrive(3, 4, 5)
    stage.arrive(6)
    await asyncio.sleep(0)
    assert (first.heard, second.heard) == ([3, 4, 5, 6], [5, 6])


async def test_who_waits_for_a_change_is_woken_though_nobody_is_live(stage: Stage) -> None:
    stage.stores(1)
    with stage.hub.watching(ROOM, "general") as changed:
        stage.sequencer.arrived(ROOM, 1, 1)
        await asyncio.wait_for(changed, 10)


# Oddities


async def test_a_version_that_the_log_does_not_have_is_not_asked_for_without_end(stage: Stage) -> None:
    stage.stores(2)
    ear = stage.hears()
    stage.sequencer.arrived(ROOM, 9, 9)
    await until(lambda: not stage.sequencer._holes)
    assert ear.heard == [1, 2]
    assert stage.asked == [0, 2]


@pytest.mark.parametrize("seed", range(20))
async def test_in_any_order_lost_and_doubled_all_hear_the_same(stage: Stage, seed: int) -> None:
    chance = random.Random(seed)
    ears = [stage.hears() for _ in range(3)]
    late: list[tuple[int, ...]] = []
    for _ in range(60):
        new = tuple(change.version for change in stage.stores(chance.randint(1, 4)))
        late += [new] * chance.choice([0, 1, 1, 1, 2])
        for versions in chance.sample(late, chance.randint(0, min(3, len(late)))):
            late.remove(versions)
            stage.arrive(*versions)
        if chance.random() < 0.3:
            await asyncio.sleep(chance.random() * 0.01)
    top = len(stage.log)
    stage.sequencer.arrived(ROOM, top, top)
    await until(lambda: all(ear.heard[-1:] == [top] for ear in ears))
    assert [ear.heard for ear in ears] == [list(range(1, top + 1))] * 3
