"""A server that says nothing, or lets nobody in for a while: a passing refusal, soon, whoever else waits."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa

from chatapp.core.errors import Unavailable
from chatapp.storage import postgres_engine, postgres_start
from chatapp.storage.postgres import PostgresDatabase
from chatapp.storage.tables import meta
from tests.faults import figures
from tests.postgres.conftest import opened
from tests.support.postgres_server import Server

OTHERS = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'postgres'"


@pytest.fixture
async def database(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[PostgresDatabase]:
    """On a server of its own, with the patience of a moment."""
    for name in ("ANSWER_SECONDS", "CONNECT_SECONDS"):
        monkeypatch.setattr(postgres_engine, name, 1.0)
    await asyncio.to_thread(postgres_start.prepare, server.url)
    async with opened(server.url, tmp_path) as database:
        await puts(database, "before")
        yield database


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """It takes connections, as the kernel does, and answers nobody."""
    postmaster = int((server.folder / "data" / "postmaster.pid").read_text().split()[0])
    pids = [postmaster, *figures.children(postmaster)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@asynccontextmanager
async def altered(server: Server, does: str, undoes: str) -> AsyncIterator[None]:
    desk = await asyncpg.connect(server.url, database="template1")
    try:
        await desk.fetch(OTHERS)
        await desk.execute(f"ALTER {does}")
        try:
            yield
        finally:
            await desk.execute(f"ALTER {undoes}")
    finally:
        await desk.close()


async def puts(database: PostgresDatabase, key: str) -> None:
    async with database.transaction() as tx:
        await tx.execute(sa.insert(meta).values(key=key, value=""))


async def test_a_silent_server_holds_nobody_up_for_longer_because_others_wait(
    server: Server, database: PostgresDatabase
) -> None:
    began = time.monotonic()
    with frozen(server):
        asked = [database.one(sa.select(meta.c.key)) for _ in range(30)]
        told = [puts(database, f"{n}") for n in range(10)]
        answers = await asyncio.gather(*asked, *told, return_exceptions=True)
    assert {type(answer) for answer in answers} == {Unavailable}
    # The first find out, by an old connection and a new one. Each of them by itself would take 20 s.
    assert time.monotonic() - began < 12
    await puts(database, "after")


@pytest.mark.parametrize(
    ("does", "undoes"),
    [
        ("ROLE postgres NOLOGIN", "ROLE postgres LOGIN"),
        ("DATABASE postgres RENAME TO aside", "DATABASE aside RENAME TO postgres"),
        ("ROLE postgres SET default_transaction_read_only = on", "ROLE postgres RESET default_transaction_read_only"),
    ],
    ids=["not let in", "restored meanwhile", "read-only"],
)
async def test_what_an_operator_takes_away_and_gives_back_is_a_passing_refusal(
    server: Server, database: PostgresDatabase, does: str, undoes: str
) -> None:
    async with altered(server, does, undoes):
        with pytest.raises(Unavailable):
            await puts(database, "meanwhile")
    await puts(database, "after")
