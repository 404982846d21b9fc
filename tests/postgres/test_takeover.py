"""A standby takes over: nothing is stored under numbers that may have been given out before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from chatapp.core.errors import Unavailable
from chatapp.storage import postgres_start
from chatapp.storage.postgres import REPLACED
from chatapp.storage.tables import meta, rooms
from tests.faults.crowd import populate, pressed
from tests.postgres.conftest import opened
from tests.postgres.several import shared_settings
from tests.support.house import until
from tests.support.postgres_server import HASTY, Server
from tests.support.server import Server as Chat
from tests.support.store import Store


@pytest.fixture
def standby(server: Server) -> Iterator[Server]:
    """Follows the server."""
    made = Server(standby_of=server)
    yield made
    made.remove()


async def test_nothing_is_stored_by_who_took_over_until_a_new_epoch_begins(
    server: Server, standby: Server, tmp_path: Path
) -> None:
    await asyncio.to_thread(postgres_start.prepare, server.url)
    either = f"postgresql://postgres@127.0.0.1:{server.port},127.0.0.1:{standby.port}/postgres"
    async with opened(either, tmp_path) as database:
        before = await postgres_start.epoch(database)
        store = Store(database)
        async with store.journal.running():
            ada = await store.person("ada")
            room = await store.room("designers", ada)
            await store.says(ada, "hello", room)
            async with asyncio.timeout(10):
                while not await _has(standby, tmp_path):  # noqa: ASYNC110 - nobody here is told
                    await asyncio.sleep(0.01)
            server.stop()
            # It reads, and takes nothing.
            assert [row[0] for row in await database.all(sa.select(rooms.c.slug))] == ["general", "designers"]
            with pytest.raises(Unavailable):
                await store.says(ada, "to a standby", room)
            assert not await database.is_well()
            standby.promote()
            with pytest.raises(Unavailable):
                await store.says(ada, "to another", room)
            with pytest.raises(Unavailable, match=REPLACED):
                async with database.transaction() as tx:
                    await tx.execute(sa.insert(meta).values(key="a", value=""))
            assert not await database.is_well()
    async with opened(either, tmp_path) as database:
        assert await postgres_start.epoch(database) != before
        store = Store(database)
        async with store.journal.running():
            assert (await store.says(ada, "after a restart", room)).index == 2


@pytest.fixture
def pair() -> Iterator[tuple[Server, Server]]:
    """A server that answers only what its standby has, and that standby."""
    first = Server(f"{HASTY} -c synchronous_standby_names=walreceiver")
    second = Server(standby_of=first)
    yield first, second
    second.remove()
    first.remove()


@pytest.mark.timeout(240)
async def test_under_load_a_standby_that_had_every_answer_takes_over_with_all_of_them(
    pair: tuple[Server, Server], tmp_path: Path
) -> None:
    first, second = pair
    either = f"postgresql://postgres@127.0.0.1:{first.port},127.0.0.1:{second.port}/postgres"
    settings = shared_settings(tmp_path / "data", either, durability="full")
    chat = Chat(settings.data, LIMITS="off", DATABASE_URL=either)
    async with pressed(chat, await populate(settings.data, settings=settings), writers=20, listeners=5) as crowd:
        await until(lambda: crowd.answers > 200, seconds=60)
        await crowd.at_an_answer()
        first.stop()
        second.promote()
        await until(lambda: any("database.replaced" in line for line in chat.output), seconds=60)
        answered = crowd.answers
        assert await chat.stop() == 0
        await chat.start()
        await until(lambda: crowd.answers > answered + 100, seconds=60)
        assert await crowd.verdict() == []
    print(
        f"a standby took over: {crowd.answers} answers, {answered} of them before, {crowd.total('resent')} sent again"
    )


async def _has(standby: Server, folder: Path) -> bool:
    async with opened(standby.url, folder) as database:
        return len(await database.all(sa.select(rooms.c.id).where(rooms.c.last_index == 1))) == 1
