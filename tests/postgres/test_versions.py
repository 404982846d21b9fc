"""An old process and a new one on one database: the new one brings the schema up, the old one writes nothing more."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncpg
import pytest
import sqlalchemy as sa
from aiohttp import ClientError, ClientSession

from chatapp.core.errors import Unavailable
from chatapp.serving import OUTDATED
from chatapp.storage import migrate, postgres_start
from chatapp.storage.database import Database, Outdated
from chatapp.storage.postgres_engine import COMING, Asked, engine
from chatapp.storage.tables import meta
from tests.postgres.conftest import opened
from tests.postgres.test_workers import closed_with
from tests.support.postgres import databases
from tests.support.server import Server
from tests.support.source import ROOT, SCHEMA
from tests.support.time import eventually

NEXT = f"{int(SCHEMA) + 1:04}"
MIGRATION = f'''
import sqlalchemy as sa
from alembic import op

revision = "{NEXT}"
down_revision = "{SCHEMA}"


def upgrade() -> None:
    op.add_column("people", sa.Column("mood", sa.Text(), server_default="", nullable=False))
'''


def newer(folder: Path) -> Path:
    """The next version: this one with one migration more."""
    for name in ("chatapp", "migrations"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("locales", "static", "templates"):
        (folder / name).symlink_to(ROOT / name)
    (folder / "migrations" / "versions" / f"{NEXT}_moods.py").write_text(MIGRATION)
    return folder


async def brings_up(tree: Path, url: str) -> str:
    """Run the start of that version; the revisions applied."""
    program = "import sys; from chatapp.storage import postgres_start; print(postgres_start.prepare(sys.argv[1]))"
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", program, url],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


async def writes(database: Database, key: str, meanwhile: Callable[[], Awaitable[object]] | None = None) -> None:
    async with database.transaction() as tx:
        await tx.execute(sa.insert(meta).values(key=key, value=""))
        if meanwhile is not None:
            await meanwhile()


async def is_outdated(database: Database) -> None:
    """It is outdated, for whoever reads and for whoever writes, and knows it."""
    with pytest.raises(Outdated):
        await database.all(sa.select(meta.c.key))
    with pytest.raises(Outdated):
        await writes(database, "refused")
    assert not await database.is_well()
    assert database.outdated.is_set()


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """An empty database, which is not used again."""
    made = databases().fresh()
    yield made
    databases().cut(made)


@pytest.fixture
async def old(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Database]:
    """Opened by a version that lacks the newest migration, on the schema of then."""
    connections = engine(url, Asked("full", is_patient=True), 1)
    async with connections.connect() as connection:
        await connection.run_sync(migrate._apply, migrate.revisions()[-2])
    await connections.dispose()
    known = migrate.revisions()[:-1]
    with monkeypatch.context() as before:
        before.setattr(migrate, "revisions", lambda: known)
        async with opened(url, tmp_path) as database:
            yield database


async def test_a_start_of_a_newer_version_ends_what_the_older_one_has_open(old: Database, url: str) -> None:
    await writes(old, "before")
    with pytest.raises(Unavailable):
        # It holds the lock of those who write: who waited for its end would wait for ever.
        await writes(old, "meanwhile", lambda: brings_up(ROOT, url))
    await is_outdated(old)
    kept = databases().desk.asks(url, "SELECT key FROM meta UNION ALL SELECT version_num FROM alembic_version")
    assert {("before",), (SCHEMA,)} <= set(kept)
    assert not {("meanwhile",), (COMING,)} & set(kept)


async def test_from_the_moment_it_is_announced_nobody_older_writes(old: Database, url: str) -> None:
    await writes(old, "before")
    await asyncio.to_thread(announce, url)
    await is_outdated(old)
    # The schema is still theirs: an upgrade that failed here is taken back by a start of the older version.
    assert await asyncio.to_thread(postgres_start.prepare, url) == []
    await writes(old, "after")


def announce(url: str) -> None:
    """An upgrade comes as far as that."""
    databases().desk.asks(url, "INSERT INTO meta VALUES ($1, $2)", COMING, SCHEMA)
    databases().cut(url)


async def test_a_start_of_the_same_version_ends_nothing(url: str, tmp_path: Path) -> None:
    await asyncio.to_thread(postgres_start.prepare, url)
    async with opened(url, tmp_path) as database:
        await writes(database, "meanwhile", lambda: brings_up(ROOT, url))
    assert not database.outdated.is_set()


async def test_who_goes_away_while_a_connection_is_asked_leaves_none(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    await asyncio.to_thread(postgres_start.prepare, url)
    is_asked = asyncio.Event()
    made: list[asyncpg.Connection] = []

    async def never(connection: asyncpg.Connection, *_: object) -> None:
        made.append(connection)
        is_asked.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(asyncpg.Connection, "fetch", never)
    connections = engine(url, Asked("full"), 1)
    opening = asyncio.create_task(connections.connect().__aenter__())
    await is_asked.wait()
    opening.cancel()
    await asyncio.wait([opening])
    assert made[0].is_closed()
    await connections.dispose()


async def test_people_go_over_to_the_new_version_and_lose_nothing(url: str, tmp_path: Path) -> None:
    tree = newer(tmp_path / "next")
    settings = {"LIMITS": "off", "DATABASE_URL": url}
    before = Server(tmp_path / "data", **settings)
    after = Server(tmp_path / "data", under=["env", "-C", str(tree), f"PYTHONPATH={tree}"], **settings)
    try:
        token = await before.add_person("ada")
        await before.start()
        async with ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:
            socket = await session.ws_connect(f"{before.url}/rooms/general/ws")
            talking = asyncio.create_task(talks(session, before))
            # In the middle of a conversation.
            await eventually(lambda: talking.done() or databases().desk.asks(url, COUNT) >= [(5,)])
            starting = asyncio.create_task(after.start())
            assert await closed_with(socket) == 1012
            said, refused = await talking
            assert await before.exit_code() == 1
            assert any("database.outdated" in line for line in before.output)
            assert before.output[-1] == OUTDATED
            await starting
            for content in (refused, "hello"):
                await says(session, after, content)
        stored = [row[0] for row in databases().desk.asks(url, "SELECT content FROM messages ORDER BY id")]
        assert stored == [*said, refused, "hello"]
        with pytest.raises(AssertionError, match=f"The database is at revision {NEXT}"):
            await before.run("user", "list")
    finally:
        await before.kill()
        await after.kill()


COUNT = "SELECT count(*) FROM messages"


async def talks(session: ClientSession, server: Server) -> tuple[list[str], str]:
    """One message after the other: those that were answered, and the one that was not."""
    said: list[str] = []
    while True:
        content = f"message {len(said)}"
        try:
            await says(session, server, content)
        except ClientError:
            return said, content
        said.append(content)


async def says(session: ClientSession, server: Server, content: str) -> None:
    body = {"content": content, "client_id": content}
    url = f"{server.url}/api/v1/rooms/general/messages"
    async with session.post(url, json=body, raise_for_status=True):
        pass
