"""Searching in a chat of several processes: one of them keeps the index, all find by it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from chatapp.core.errors import Unavailable
from chatapp.core.models import Person
from chatapp.core.search import Token, parse
from chatapp.domain.search import Days
from chatapp.storage import opening
from chatapp.storage.postgres_search import READERS, open_index
from chatapp.storage.search import Asked
from tests.postgres.several import shared_settings
from tests.support.house import House, open_house, until
from tests.support.time import SettableClock


async def found(house: House, ada: Person, words: str) -> list[str]:
    results = await house.chat.search.find(ada, parse(words), Days())
    return [hit.message.content for hit in results.hits]


async def test_one_keeps_the_index_and_another_when_it_is_gone(tmp_path: Path, url: str, clock: SettableClock) -> None:
    settings = shared_settings(tmp_path / "data", url)
    async with open_house(settings, clock) as other:
        async with AsyncExitStack() as stack:
            one = await stack.enter_async_context(open_house(settings, clock))
            ada = await one.person("ada", is_admin=True)
            await other.chat.messages.post(ada, "general", "first word")
            assert await one.chat.search.indexing.next()
            assert not await other.chat.search.indexing.next()
            assert await found(other, ada, "word") == ["first word"]
            await other.chat.messages.post(ada, "general", "second word")
            assert not await other.chat.search.indexing.next()
        assert await other.chat.search.indexing.next()
        assert await found(other, ada, "word") == ["second word", "first word"]
        await other.chat.messages.edit(ada, "general", 1, "no more")
        await other.chat.messages.delete(ada, "general", 2)
        assert await found(other, ada, "word") == []
        assert await other.chat.search.indexing.index.reached() == {1: 4}


async def test_the_index_has_no_part_in_the_schema_that_is_migrated(
    tmp_path: Path, url: str, clock: SettableClock
) -> None:
    """Its tables are there, and nothing finds fault with them."""
    settings = shared_settings(tmp_path / "data", url)
    async with open_house(settings, clock) as house:
        await house.person("ada", is_admin=True)
    report = await asyncio.to_thread(opening.audit, settings)
    assert report.findings == []


async def test_who_waits_too_long_behind_others_is_asked_to_try_again(url: str) -> None:
    async with open_index(url, "epoch") as index:
        pool: Any = index._readers.pool
        pool._timeout = 0.1
        others = [
            asyncio.create_task(index._read(lambda db: db.fetchval("SELECT pg_sleep(1)"))) for _ in range(READERS)
        ]
        await until(lambda: pool.checkedout() == READERS)
        with pytest.raises(Unavailable):
            await index.find(Asked((1,), (Token("word"),)), 1)
        await asyncio.gather(*others)
        assert await index.find(Asked((1,), (Token("word"),)), 1) == []
