"""A server that goes, comes back, refuses or answers nobody: what was answered is there once, the rest may be asked."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa

from chatapp.core.errors import Unavailable
from chatapp.core.models import Message
from chatapp.storage import postgres_audit, postgres_engine, postgres_start
from chatapp.storage.tables import meta
from tests.faults.crowd import populate, pressed
from tests.postgres.conftest import opened, stored
from tests.support.engine import settings_on
from tests.support.house import until
from tests.support.postgres import databases
from tests.support.postgres_server import HASTY, Server
from tests.support.rounds import rounds
from tests.support.server import Server as Chat
from tests.support.store import Store, contents, indexes

ROUNDS = rounds(3, 20)
# The long run holds what is promised; in the ordinary one the machine may have other things to do.
BACK_SECONDS = rounds(50, 5)
BACKENDS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
OTHERS = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> ALL($1)
"""


@pytest.fixture
async def store(server: Server, tmp_path: Path) -> AsyncIterator[Store]:
    """On a server of its own."""
    async with stored(server.url, tmp_path) as found:
        yield found


async def test_a_server_that_is_away_is_a_passing_refusal(server: Server, store: Store) -> None:
    ada = await store.person("ada")
    room = await store.room("designers", ada)
    await store.says(ada, "before", room)
    server.stop()
    for _ in range(2):
        with pytest.raises(Unavailable):
            await store.says(ada, "meanwhile", room)
        with pytest.raises(Unavailable):
            await _puts(store, "meanwhile")
        with pytest.raises(Unavailable):
            await store.stored(room)
        assert not await store.database.is_well()
    server.start()
    # Old connections are in the pool: nobody notices.
    assert contents(await store.stored(room)) == ["before"]
    assert (await store.says(ada, "after", room)).index == 2
    assert await store.database.is_well()


async def test_connections_that_are_cut_cost_no_more_than_their_batch(server: Server, store: Store) -> None:
    ada = await store.person("ada")
    room = await store.room("designers", ada)
    found: dict[str, Message] = {}

    async def insists(key: str) -> None:
        while key not in found:
            try:
                found[key] = await store.says(ada, key, room, client_id=key)
            except Unavailable:
                await asyncio.sleep(0.01)

    talking = asyncio.gather(*(insists(f"{n}") for n in range(ROUNDS * 300)))
    for _ in range(ROUNDS * 5):
        await asyncio.sleep(random.uniform(0.005, 0.03))
        databases().cut(server.url)
    await talking
    stored = await store.stored(room)
    assert sorted(indexes(list(found.values()))) == indexes(stored) == list(range(1, ROUNDS * 300 + 1))
    assert sorted(contents(store.announced)) == sorted(found)
    assert (await asyncio.to_thread(postgres_audit.audit, server.url)).findings == []


async def test_connections_that_do_not_answer_are_given_up_for_others(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await asyncio.to_thread(postgres_start.prepare, server.url)
    monkeypatch.setattr(postgres_engine, "ANSWER_SECONDS", 1.0)
    async with opened(server.url, tmp_path) as database:
        store = Store(database)
        async with store.journal.running():
            ada = await store.person("ada")
            room = await store.room("designers", ada)
            await store.says(ada, "before", room)
            backends = databases().desk.asks(server.url, BACKENDS)
            for (pid,) in backends:
                os.kill(pid, signal.SIGSTOP)
            # Another connection does what these do not.
            try:
                said = await store.says(ada, "hello", room, client_id="1")
                assert contents(await store.stored(room)) == ["before", "hello"]
            finally:
                for (pid,) in backends:
                    os.kill(pid, signal.SIGCONT)
            assert await store.says(ada, "hello", room, client_id="1") == said
            assert contents(await store.stored(room)) == ["before", "hello"]


@pytest.mark.timeout(90 + 20 * ROUNDS)
async def test_a_server_that_crashes_under_load_loses_doubles_and_disorders_nothing(
    server: Server, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    tokens = await populate(data, settings=replace(settings_on(data), database_url=server.url))
    chat = Chat(data, LIMITS="off", DATABASE_URL=server.url)
    async with pressed(chat, tokens, writers=50, listeners=10) as crowd:
        await crowd.next_answer()
        pid = chat.pid
        back = []
        for _ in range(ROUNDS):
            await asyncio.sleep(random.uniform(0.2, 0.8))
            await crowd.at_an_answer()
            await asyncio.to_thread(server.stop)
            await asyncio.to_thread(server.start)
            back.append(await crowd.next_answer())
        assert await crowd.verdict() == []
        assert (chat.pid, chat.is_running) == (pid, True)
    print(
        f"crashes of PostgreSQL: {ROUNDS} rounds, {crowd.answers} answers, {crowd.total('resent')} sent again,", end=" "
    )
    print(f"back after {max(back):.2f} s at most")
    assert max(back) < BACK_SECONDS
    assert (await asyncio.to_thread(postgres_audit.audit, server.url)).findings == []


@pytest.fixture
def narrow() -> Iterator[Server]:
    """A server with few connections to give."""
    made = Server(f"{HASTY} -c max_connections=24")
    yield made
    made.remove()


@pytest.mark.timeout(90 + 20 * ROUNDS)
async def test_when_others_have_taken_every_connection_nothing_is_lost(narrow: Server, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    tokens = await populate(data, settings=replace(settings_on(data), database_url=narrow.url))
    chat = Chat(data, LIMITS="off", DATABASE_URL=narrow.url)
    async with pressed(chat, tokens, writers=20, listeners=5) as crowd:
        back = []
        for _ in range(ROUNDS):
            await crowd.next_answer()
            refusals = crowd.total("refusals")
            async with _every_connection(narrow.url):
                await until(lambda refusals=refusals: crowd.total("refusals") > refusals, seconds=30)  # type: ignore[misc]
            back.append(await crowd.next_answer())
        assert await crowd.verdict() == []
    print(f"no connection left: {ROUNDS} times, {crowd.answers} answers, back after {max(back):.2f} s at most")
    assert max(back) < BACK_SECONDS


async def _is_full(url: str, held: list[asyncpg.Connection]) -> bool:
    try:
        held.append(await asyncpg.connect(url))
    except asyncpg.TooManyConnectionsError:
        return True
    return False


@asynccontextmanager
async def _every_connection(url: str) -> AsyncIterator[None]:
    """Taken, also those that others had."""
    held = [await asyncpg.connect(url)]
    try:
        while not await _is_full(url, held) or await held[0].fetchval(OTHERS, [each.get_server_pid() for each in held]):
            pass
        yield
    finally:
        await asyncio.gather(*(each.close() for each in held))


async def _puts(store: Store, key: str) -> None:
    async with store.database.transaction() as tx:
        await tx.execute(sa.insert(meta).values(key=key, value=""))
