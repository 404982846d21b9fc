"""What is kept in memory never says anything else than the file."""

from __future__ import annotations

import asyncio
import gc
import itertools
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from chatapp.core.errors import Unavailable
from chatapp.core.models import History, Message, Person, Room
from chatapp.storage import tail as tails
from chatapp.storage.journal import Journal
from chatapp.storage.messages import Log
from tests.support.house import until
from tests.support.store import Store, open_store, post, versions

MESSAGES: Final = 4
CHARACTERS: Final = 30
T = TypeVar("T")

_numbers = itertools.count()
_words = st.text("ab", min_size=1, max_size=12)
_indexes = st.integers(1, 12)


class Disk:
    """One open file for all examples; each gets a room of its own."""

    def __init__(self, path: Path) -> None:
        self.runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self.store: Store = self.runs(self._stack.enter_async_context(open_store(path)))
        self.ada: Person = self.runs(self.store.person("ada"))

    def runs(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def close(self) -> None:
        self.runs(self._stack.aclose())
        self.runner.close()


@pytest.fixture
def disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Disk]:
    """With a memory so small that a few messages fill it."""
    monkeypatch.setattr(tails, "MESSAGES", MESSAGES)
    monkeypatch.setattr(tails, "CHARACTERS", CHARACTERS)
    opened = Disk(path)
    yield opened
    opened.close()


class TailMachine(RuleBasedStateMachine):
    """Posts, edits, deletions and readers in any order; memory against the file after each."""

    def __init__(self, disk: Disk) -> None:
        super().__init__()
        self.disk = disk
        self.store = disk.store
        self.room: Room = disk.runs(disk.store.room(f"room-{next(_numbers)}", disk.ada))
        self.is_known = False

    @rule(words=st.lists(_words, min_size=1, max_size=7))
    def posts(self, words: list[str]) -> None:
        self.at_once(*(self.store.says(self.disk.ada, each, self.room) for each in words))

    @rule(index=_indexes, words=_words)
    def edits(self, index: int, words: str) -> None:
        self.at_once(self.store.edits(self.disk.ada, index, words, self.room))

    @rule(index=_indexes)
    def deletes(self, index: int) -> None:
        self.at_once(self.store.deletes(self.disk.ada, index, self.room))

    @rule(words=st.lists(_words, min_size=1, max_size=3), index=_indexes)
    def writes_while_somebody_reads_for_the_first_time(self, words: list[str], index: int) -> None:
        self.store.log.tails.forget()
        self.at_once(
            self.store.says(self.disk.ada, words[0], self.room),
            self.store.log.recent(self.room.id, 3),
            self.store.edits(self.disk.ada, index, words[-1], self.room),
            *(self.store.says(self.disk.ada, each, self.room) for each in words),
        )

    @rule()
    def reads(self) -> None:
        self.at_once(self.store.log.recent(self.room.id, 1))
        assert self.store.log.tails.known(self.room.id) is not None

    @rule()
    def forgets(self) -> None:
        self.store.log.tails.forget()

    @invariant()
    def memory_is_the_file(self) -> None:
        tail = self.store.log.tails.known(self.room.id)
        if tail is not None:
            stored = self.disk.runs(self.store.stored(self.room))
            top = max((message.version for message in stored), default=0)
            check(tail, stored, top)

    def at_once(self, *works: Coroutine[Any, Any, Any]) -> None:
        async def together() -> None:
            await asyncio.gather(*works, return_exceptions=True)

        self.disk.runs(together())


def check(tail: tails.Tail, stored: list[Message], top: int) -> None:
    assert len(tail._messages) <= max(MESSAGES, 1)
    for limit in range(MESSAGES + 3):
        expected = History(tuple(stored[-limit:] if limit else []), len(stored), top)
        assert tail.recent(limit) in (expected, None)
    for after in range(top + 2):
        newer = sorted((m for m in stored if m.version > after), key=lambda message: message.version)
        assert tail.changes(after) in (History(tuple(newer), len(stored), top), None)
    # Of use as well as right: the top is always known without the file.
    assert tail.changes(top) is not None
    assert tail.recent(0) is not None


def test_memory_never_says_anything_else_than_the_file(disk: Disk) -> None:
    run_state_machine_as_test(
        lambda: TailMachine(disk),  # type: ignore[arg-type]
        settings=settings(max_examples=40, stateful_step_count=15, deadline=None),
    )


# Rules with a name


async def test_what_is_in_memory_needs_no_file(
    store: Store, ada: Person, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.says(ada, "hello", room)
    before = await store.log.recent(room.id, 50)

    async def closed(*_: object, **_named: object) -> list[Any]:
        raise AssertionError

    monkeypatch.setattr(store.database, "hot", closed)
    assert await store.log.recent(room.id, 50) == before
    await store.says(ada, "and more", room)
    assert len((await store.log.changes(room.id, 0, 50)).messages) == 2


async def test_the_same_is_given_out_until_something_changes(store: Store, ada: Person, room: Room) -> None:
    await store.says(ada, "hello", room)
    first, again = [await store.log.recent(room.id, 50) for _ in range(2)]
    assert first is again
    await store.edits(ada, 1, "bye", room)
    assert [message.content for message in (await store.log.recent(room.id, 50)).messages] == ["bye"]


async def test_a_long_room_is_read_in_part(store: Store, ada: Person, room: Room) -> None:
    await asyncio.gather(*(store.says(ada, f"{n}", room) for n in range(tails.MESSAGES + 20)))
    tail = await Log(store.database).tails.of(room.id)
    assert tail.recent(tails.MESSAGES) is not None
    assert tail.recent(tails.MESSAGES + 1) is None
    assert tail.changes(0) is None


async def test_memory_is_bounded_by_characters(store: Store, ada: Person, room: Room) -> None:
    tail = await store.log.tails.of(room.id)
    await asyncio.gather(*(store.says(ada, "x" * 8000, room) for _ in range(60)))
    assert sum(len(message.content) for message in tail._messages.values()) <= tails.CHARACTERS


async def test_memory_is_bounded_by_rooms(store: Store, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tails, "ROOMS", 3)
    made = [await store.room(f"room-{n}", ada) for n in range(5)]
    for room in made:
        await store.log.recent(room.id, 1)
    assert [store.log.tails.known(room.id) is not None for room in made] == [False, False, True, True, True]


async def test_a_read_that_fails_is_tried_again(
    store: Store, ada: Person, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **_named: object) -> list[Any]:
        raise Unavailable

    with monkeypatch.context() as patch:
        patch.setattr(store.database, "hot", broken)
        with pytest.raises(Unavailable):
            await store.log.recent(room.id, 1)
    await store.says(ada, "hello", room)
    assert (await store.log.recent(room.id, 1)).index == 1


async def test_a_reader_who_leaves_takes_nothing_from_the_others(store: Store, ada: Person, room: Room) -> None:
    await store.says(ada, "hello", room)
    store.log.tails.forget()
    first, second = (asyncio.ensure_future(store.log.recent(room.id, 1)) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).index == 1


async def test_what_fails_once_its_reader_has_gone_is_nobodys_complaint() -> None:
    complaints: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, told: complaints.append(told["message"]))
    going_on = asyncio.Event()

    async def broken(_room_id: int, _limit: int) -> History:
        await going_on.wait()
        raise Unavailable

    memory = tails.Tails(broken)
    reader = asyncio.create_task(memory.of(1))
    await asyncio.sleep(0)
    reader.cancel()
    await asyncio.wait([reader])
    # In what it ended with are its steps, and in those what it waited for.
    del reader
    going_on.set()
    await until(lambda: not memory._loading)
    gc.collect()
    assert complaints == []


async def test_what_a_first_read_has_seen_already_is_not_taken_back_by_older_news() -> None:
    old = Message(1, 1, 1, 1, 1, "ada", "Ada", "before", "", 0)
    new = msgspec.structs.replace(old, version=2, content="edited")

    async def read(_room_id: int, _limit: int) -> History:
        memory.apply(1, [old])
        return History((new,), 1, 2)

    memory = tails.Tails(read)
    assert (await memory.of(1)).recent(5) == History((new,), 1, 2)
    memory.apply(1, [new])
    assert (await memory.of(1)).recent(5) == History((new,), 1, 2)


async def test_a_read_that_fails_after_everything_was_forgotten_costs_the_next_one_nothing() -> None:
    said = Message(1, 1, 1, 1, 1, "ada", "Ada", "hello", "", 0)
    reads: list[asyncio.Future[History]] = []

    async def read(_room_id: int, _limit: int) -> History:
        reads.append(asyncio.get_running_loop().create_future())
        return await reads[-1]

    memory = tails.Tails(read)
    first = asyncio.ensure_future(memory.of(1))
    await until(lambda: len(reads) == 1)
    memory.forget()
    second = asyncio.ensure_future(memory.of(1))
    await until(lambda: len(reads) == 2)
    reads[0].set_exception(Unavailable())
    with pytest.raises(Unavailable):
        await first
    memory.apply(1, [said])
    reads[1].set_result(History((), 0, 0))
    assert (await second).recent(5) == History((said,), 1, 1)
    assert memory.known(1) is await second


async def test_what_was_read_before_everything_was_forgotten_is_not_kept() -> None:
    old = Message(1, 1, 1, 1, 1, "ada", "Ada", "hello", "", 0)
    new = msgspec.structs.replace(old, display_name="Ada Obi")
    reads: list[asyncio.Future[History]] = []

    async def read(_room_id: int, _limit: int) -> History:
        reads.append(asyncio.get_running_loop().create_future())
        return await reads[-1]

    memory = tails.Tails(read)
    first = asyncio.ensure_future(memory.of(1))
    await until(lambda: len(reads) == 1)
    memory.forget()
    reads[0].set_result(History((old,), 1, 1))
    await first
    second = asyncio.ensure_future(memory.of(1))
    await until(lambda: len(reads) == 2)
    reads[1].set_result(History((new,), 1, 1))
    assert (await second).recent(5) == History((new,), 1, 1)


async def test_who_is_ahead_of_memory_is_answered_from_the_file(store: Store, ada: Person, room: Room) -> None:
    """Or it would be sent back to where memory is, and hear the rest a second time."""
    await store.says(ada, "told", room)
    await store.log.recent(room.id, 10)
    beside = Journal(store.database, Log(store.database).tails, lambda *_: None)
    async with beside.running():
        for n in range(3):
            await beside.append(post(ada, f"not told {n}", room))
    found = await store.log.changes(room.id, 2, 100)
    assert (versions(found.messages), found.version) == ([3, 4], 4)
    assert (await store.log.changes(room.id, 5, 100)).version == 4
