"""A batch of a file is one trip to a thread: waits for nothing else, ends once begun, speaks its asker's language."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from chatapp.core.errors import Invalid
from chatapp.core.language import _, speaking
from chatapp.storage import meta as metas
from chatapp.storage.database import Writer
from chatapp.storage.statement import Statement
from chatapp.storage.tables import meta
from tests.support.store import Store, open_store

PUT = Statement(metas.PUT)
pytestmark = pytest.mark.file_only("how a file is written; PostgreSQL is asked from the loop")


async def kept(store: Store) -> list[str]:
    asked = sa.select(meta.c.value).where(meta.c.key == "batch")
    return [row[0] for row in await store.database.all(asked)]


async def test_who_stops_waiting_leaves_it_whole_and_told(store: Store) -> None:
    begun, goes_on, told = threading.Event(), threading.Event(), []

    async def work(writer: Writer) -> None:
        begun.set()
        assert goes_on.wait(10)
        await writer.rows(PUT, key="batch", value="stored")
        writer.after_commit(lambda: told.append(threading.current_thread()))

    asking = asyncio.ensure_future(store.database.batch(work))
    assert await asyncio.to_thread(begun.wait, 10)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert store.database.write_lock.locked()
    goes_on.set()
    async with store.database.write_lock:
        assert told == [threading.main_thread()]
    assert await kept(store) == ["stored"]


async def test_work_that_waits_for_something_else_is_undone(store: Store) -> None:
    async def work(writer: Writer) -> None:
        await writer.rows(PUT, key="batch", value="never")
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="wait for nothing else"):
        await store.database.batch(work)
    assert await kept(store) == []


async def test_a_refusal_is_in_the_language_of_who_asked(store: Store) -> None:
    async def work(writer: Writer) -> None:
        await writer.rows(PUT, key="batch", value="never")
        raise Invalid(_("There is no such message to reply to."))

    with speaking("zh-Hans"), pytest.raises(Invalid) as refused:
        await store.database.batch(work)
    with pytest.raises(Invalid) as plain:
        await store.database.batch(work)
    assert plain.value.message == "There is no such message to reply to." != refused.value.message
    assert await kept(store) == []


async def test_a_database_is_closed_once_what_was_begun_has_ended(path: Path) -> None:
    begun, goes_on = threading.Event(), threading.Event()

    async def work(writer: Writer) -> None:
        begun.set()
        assert goes_on.wait(10)
        await writer.rows(PUT, key="batch", value="stored")

    async with open_store(path) as store:
        asking = asyncio.ensure_future(store.database.batch(work))
        assert await asyncio.to_thread(begun.wait, 10)
        asking.cancel()
        asyncio.get_running_loop().call_later(0.1, goes_on.set)
    async with open_store(path) as store:
        assert await kept(store) == ["stored"]
