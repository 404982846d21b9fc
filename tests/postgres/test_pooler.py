"""Between the chat and the server is a pooler: one that keeps sessions serves, any other is refused."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa

from chatapp.storage import postgres_start
from chatapp.storage.postgres import open_postgres
from chatapp.storage.postgres_engine import IDLE_MS
from chatapp.storage.usable import Unusable
from tests.postgres.several import hear_each_other, processes, shared_settings
from tests.support.pgbouncer import pooled


async def test_one_that_keeps_sessions_serves_several_processes(url: str, tmp_path: Path) -> None:
    with pooled(url, "session") as through:
        async with processes(2, shared_settings(tmp_path / "data", through)) as both:
            await hear_each_other(both)


async def test_what_is_asked_of_the_server_passes_through(url: str, tmp_path: Path) -> None:
    names = ("synchronous_commit", "idle_in_transaction_session_timeout")
    asked = sa.select(*map(sa.func.current_setting, names))
    with pooled(url, "session") as through:
        database = open_postgres(through, folder=tmp_path, durability="normal")
        async with database as found, found.transaction() as tx:
            assert await tx.one(asked) == ("off", f"{IDLE_MS // 1000}s")


@pytest.mark.parametrize("mode", ["transaction", "statement"])
async def test_one_that_shares_them_is_refused_in_a_sentence(url: str, mode: str) -> None:
    with pooled(url, mode) as through, pytest.raises(Unusable, match="pool_mode = session"):
        await asyncio.to_thread(postgres_start.prepare, through)
