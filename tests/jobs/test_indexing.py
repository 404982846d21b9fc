"""What is said is found soon, what was there before too, and trouble ends neither."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from chatapp.core.errors import Unavailable
from chatapp.core.models import Person
from chatapp.core.search import parse
from chatapp.domain.indexing import Indexing
from chatapp.domain.search import Days
from chatapp.jobs import indexing as job
from chatapp.jobs.indexing import Indexer
from chatapp.settings import Settings
from tests.support.engine import settings_on
from tests.support.house import House, open_house, until
from tests.support.time import SettableClock


@pytest.fixture
async def house(settings: Settings, clock: SettableClock) -> AsyncIterator[House]:
    async with open_house(settings, clock) as opened:
        yield opened


@pytest.fixture
async def ada(house: House) -> Person:
    return await house.person("ada", is_admin=True)


@asynccontextmanager
async def indexed(house: House) -> AsyncIterator[list[int]]:
    """How many changes were left each time it was looked."""
    left: list[int] = []
    indexing = house.chat.search.indexing
    plain = indexing.next

    async def noted() -> bool:
        is_more = await plain()
        left.append((await indexing.progress()).left)
        return is_more

    indexing.next = noted  # type: ignore[method-assign]
    async with Indexer(indexing):
        yield left


async def test_a_room_that_fails_keeps_no_other_waiting_and_is_tried_again(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two"):
        await house.chat.rooms.create(ada, name=name)
    for slug in ("general", "one", "two"):
        await house.chat.messages.post(ada, slug, "word")
    indexing, plain, tried = house.chat.search.indexing, house.chat.search.indexing._index, list[int]()

    async def fails_below_three(reached: tuple[int, int]) -> None:
        tried.append(reached[0])
        if reached[0] < 3:
            raise Unavailable
        await plain(reached)

    with monkeypatch.context() as patch:
        patch.setattr(indexing, "_index", fails_below_three)
        for _ in range(6):
            with pytest.raises(Unavailable):
                await indexing.next()
        assert tried == [1, 2, 3, 1, 2, 1, 2]
        assert await indexing.index.reached() == {3: 1}
        # Whoever searches meanwhile finds what is in the others, and is told that it is not all.
        results = await house.chat.search.find(ada, parse("word"), Days())
        assert [hit.room.slug for hit in results.hits] == ["two"]
        assert results.progress.left == 2
    assert await indexing.next()
    assert await indexing.index.reached() == {1: 1, 2: 1, 3: 1}


async def test_what_was_deleted_is_forgotten_while_a_room_fails(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexing, forgotten = house.chat.search.indexing, list[bool]()

    async def fails(_reached: tuple[int, int]) -> None:
        raise Unavailable

    async def noted() -> bool:
        forgotten.append(True)
        return False

    monkeypatch.setattr(indexing, "_index", fails)
    monkeypatch.setattr(indexing.index, "forget", noted)
    await house.chat.messages.post(ada, "general", "word")
    async with Indexer(indexing):
        await until(lambda: bool(forgotten))


async def test_what_was_there_before_is_indexed(house: House, ada: Person) -> None:
    for number in range(5):
        await house.chat.messages.post(ada, "general", f"word {number}")
    async with indexed(house) as left:
        await until(lambda: left[-1:] == [0])
    assert await house.chat.search.indexing.index.reached() == {1: 5}


async def test_what_is_said_is_indexed_without_being_asked_for(house: House, ada: Person) -> None:
    async with indexed(house) as left:
        await until(lambda: left[-1:] == [0])
        looked = len(left)
        await house.chat.messages.post(ada, "general", "news")
        await until(lambda: len(left) > looked and left[-1] == 0)
    assert await house.chat.search.indexing.index.reached() == {1: 1}


async def test_trouble_passes(house: House, ada: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "AFTER_TROUBLE_SECONDS", 0.001)
    store, refused = house.chat.search.indexing.index.store, 0

    async def full(*arguments: Any) -> None:
        nonlocal refused
        refused += 1
        if refused < 3:
            raise Unavailable
        await store(*arguments)

    monkeypatch.setattr(house.chat.search.indexing.index, "store", full)
    await house.chat.messages.post(ada, "general", "news")
    with capture_logs() as lines:
        async with indexed(house) as left:
            await until(lambda: left[-1:] == [0])
    assert [line["event"] for line in lines].count("indexing.trouble") == 2


@pytest.mark.parametrize(("is_talked", "rest"), [(False, 2), (True, 12)])
async def test_it_rests_longer_while_people_talk(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch, is_talked: bool, rest: int
) -> None:
    rests: list[float] = []

    async def rested(seconds: float) -> None:
        rests.append(seconds)

    indexing = house.chat.search.indexing
    plain, moments = indexing.next, [0.0]
    monkeypatch.setattr(job, "time", SimpleNamespace(monotonic=lambda: moments[0]))
    monkeypatch.setattr(job, "asyncio", SimpleNamespace(sleep=rested))

    async def slowly() -> bool:
        is_more = await plain()
        moments[0] += 2
        if is_talked:
            await house.chat.messages.post(ada, "general", "meanwhile")
        return is_more

    monkeypatch.setattr(indexing, "next", slowly)
    await house.chat.messages.post(ada, "general", "news")
    await Indexer(indexing)._step()
    assert rests == [rest]


async def test_how_far_it_is_is_said_while_there_is_much_to_do(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "SAID_SECONDS", 0)
    monkeypatch.setattr(job, "SOON", 1)
    monkeypatch.setattr("chatapp.domain.indexing.SLICE", 2)
    for number in range(7):
        await house.chat.messages.post(ada, "general", f"word {number}")
    with capture_logs() as lines:
        async with indexed(house) as left:
            await until(lambda: left[-1:] == [0])
    said = [line for line in lines if line["event"] == "indexing.progress"]
    assert [line["indexed"] for line in said] == [2, 4]
    assert {line["total"] for line in said} == {7}


async def test_words_that_were_deleted_leave_the_file(
    house: House, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[bool] = []
    forget = Indexing.forget

    async def noted(indexing: Indexing) -> bool:
        asked.append(await forget(indexing))
        return asked[-1]

    monkeypatch.setattr(Indexing, "forget", noted)
    await house.chat.messages.post(ada, "general", "secret")
    async with indexed(house):
        await until(lambda: bool(asked))
    assert asked[-1] is False


async def test_a_restart_goes_on(tmp_path: Any, clock: SettableClock) -> None:
    data = tmp_path / "another"
    async with open_house(settings_on(data, limits=False), clock) as house:
        ada = await house.person("ada", is_admin=True)
        await house.chat.messages.post(ada, "general", "one")
        while await house.chat.search.indexing.next():
            pass
        await house.chat.messages.post(ada, "general", "two")
    async with open_house(settings_on(data, limits=False), clock) as house:
        assert await house.chat.search.indexing.index.reached() == {1: 1}
        assert (await house.chat.search.indexing.progress()).left == 1
        assert await house.chat.search.indexing.next()
        assert await house.chat.search.indexing.index.reached() == {1: 2}


@pytest.mark.parametrize("said", [":)", "* * *\n---", "?!", "1\ufe0f\u20e3 first", "v2\ufe0f\u20e3"])
async def test_what_holds_no_words_keeps_nothing_after_it_from_being_found(
    house: House, ada: Person, said: str
) -> None:
    await house.chat.messages.post(ada, "general", said)
    await house.chat.messages.post(ada, "general", "needle")
    found = await house.chat.search.find(ada, parse("needle"), Days())
    assert [hit.message.content for hit in found.hits] == ["needle"]
