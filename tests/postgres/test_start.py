"""A start on a server: migrations run once, the epoch is that of this life of the database, and refusals are words."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa

from chatapp.core.audit_log import Wanted
from chatapp.core.clock import system_clock
from chatapp.core.errors import Unavailable
from chatapp.core.search import parse
from chatapp.domain.search import Days
from chatapp.settings import Settings
from chatapp.storage import audit_log, migrate, opening, postgres_start
from chatapp.storage.database import Writer
from chatapp.storage.postgres import open_postgres
from chatapp.storage.postgres_engine import Asked, engine
from chatapp.storage.statement import Statement
from chatapp.storage.tables import meta
from chatapp.storage.usable import Unusable
from tests.postgres.conftest import opened
from tests.postgres.several import Process
from tests.support.cast import Actor
from tests.support.command import Here
from tests.support.engine import ON_POSTGRES
from tests.support.postgres import databases
from tests.support.postgres_server import Server
from tests.support.server import Server as Chat
from tests.support.source import ROOT, SCHEMA

CONNECTIONS: Final = 9
TAKEN = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'chatapp%'"
STARTING = "import sys; from chatapp.storage import postgres_start; print(postgres_start.prepare(sys.argv[1]))"


def test_of_five_that_start_at_once_one_migrates(tmp_path: Path) -> None:
    url = databases().fresh()
    words = [sys.executable, "-c", STARTING, url]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    starts = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True, env=env) for _ in range(5)]
    said = [start.communicate(timeout=60)[0].strip() for start in starts]
    assert [start.returncode for start in starts] == [0] * 5
    assert sorted(said, key=len) == ["[]"] * 4 + [str(migrate.revisions())]
    assert databases().desk.asks(url, "SELECT slug FROM rooms") == [("general",)]


async def test_the_migrations_make_the_tables_of_the_code(url: str) -> None:
    connections = engine(url, Asked("full"), 1)
    async with connections.connect() as connection:
        assert await connection.run_sync(migrate.differences_on) == []
    await connections.dispose()


async def test_the_epoch_stays_while_the_database_does(url: str, tmp_path: Path) -> None:
    epochs = []
    for _ in range(2):
        async with opened(url, tmp_path) as database:
            epochs.append(await postgres_start.epoch(database))
    assert epochs[0] == epochs[1]


async def test_a_restored_copy_begins_a_new_epoch_and_says_so(url: str, server: Server, tmp_path: Path) -> None:
    async with opened(url, tmp_path) as database:
        before = await postgres_start.epoch(database)
    dump = server.program("pg_dump", url)
    for drop in (False, True):
        # Into another database, then in the place of what is there.
        target = server.url
        if drop:
            databases().empty(target)
        server.program("psql", "-q", "-v", "ON_ERROR_STOP=1", target, stdin=dump)
        async with opened(target, tmp_path) as database:
            after = await postgres_start.epoch(database)
            entries = await audit_log.newest(database, Wanted(action="database.restored"), 10)
        assert after != before
        assert len(entries) == 1 + drop
        before, dump = after, server.program("pg_dump", target) if not drop else dump


@pytest.mark.parametrize(("durability", "expected"), [("full", "on"), ("normal", "off")])
async def test_durability_is_what_was_asked_for(url: str, tmp_path: Path, durability: str, expected: str) -> None:
    asked = sa.select(sa.func.current_setting("synchronous_commit"))
    async with open_postgres(url, folder=tmp_path, durability=durability) as database:  # type: ignore[arg-type]
        async with database.transaction() as tx:
            assert await tx.one(asked) == (expected,)
        assert [tuple(row) for row in await database.batch(lambda writer: writer.rows(Statement(asked)))] == [
            (expected,)
        ]


async def test_readers_cannot_write(url: str, tmp_path: Path) -> None:
    async with opened(url, tmp_path) as database:
        with pytest.raises(Unavailable):
            await database.all(sa.insert(meta).values(key="a", value="").returning(meta.c.key))
        with pytest.raises(Unavailable):
            await database.hot(Statement(sa.insert(meta).values(key="a", value="").returning(meta.c.key)))
        assert await database.all(sa.select(meta.c.key).where(meta.c.key == "a")) == []


async def test_a_server_that_may_lose_what_it_was_given_is_warned_of(server: Server, tmp_path: Path) -> None:
    await asyncio.to_thread(postgres_start.prepare, server.url)
    async with open_postgres(server.url, folder=tmp_path) as database:
        risks = await database.risks()
    assert [risk.split(":")[0] for risk in risks] == [
        "PostgreSQL runs with fsync=off",
        "PostgreSQL runs with full_page_writes=off",
    ]


@pytest.mark.parametrize(("ahead", "said"), [(90_000, "90 s ahead of"), (-86_400_000, "86400 s behind"), (1000, "")])
async def test_a_clock_that_is_not_the_servers_is_warned_of(url: str, tmp_path: Path, ahead: int, said: str) -> None:
    async with open_postgres(url, folder=tmp_path, clock=lambda: system_clock() + ahead) as database:
        risks = " ".join(await database.risks())
    assert (said in risks, "clock" in risks) == (True, bool(said))


RIGHTS: Final = {
    "the identity": ("EXECUTE ON FUNCTION pg_control_system", "public", "permission denied for function"),
    "the index": ("CREATE ON SCHEMA public", "pg_database_owner", "permission denied for schema public"),
}


@pytest.mark.parametrize("which", RIGHTS)
async def test_a_right_that_lacks_stops_the_start_with_a_sentence(server: Server, tmp_path: Path, which: str) -> None:
    right, whose, expected = RIGHTS[which]
    role = which.replace(" ", "_")
    for statement in (f"CREATE ROLE {role} LOGIN", f"CREATE DATABASE {role} OWNER {role} TEMPLATE template0"):
        databases().desk.asks(server.url, statement)
    desk = f"{server.url.rpartition('/')[0]}/{role}"
    url = desk.replace("//postgres@", f"//{role}@")
    await asyncio.to_thread(postgres_start.prepare, url)
    databases().desk.asks(desk, f"REVOKE {right} FROM {whose}")
    settings = Settings(data=tmp_path, database_url=url)
    with pytest.raises(Unusable, match=f"cannot be used: {expected}"):
        async with opening.opened(settings, system_clock) as found, opening.opened_index(settings, found):
            pass


async def _asked(wanted: sa.Select[Any], key: str, writer: Writer) -> Sequence[Any]:
    return await writer.rows(Statement(wanted), key=key)


async def test_what_cannot_be_stored_finds_nothing(url: str, tmp_path: Path) -> None:
    wanted = sa.select(meta.c.key).where(meta.c.key == sa.bindparam("key"))
    async with opened(url, tmp_path) as database:
        for text in ("\x00", "a\x00b", "\ud800"):
            assert await database.hot(Statement(wanted), key=text) == []
            assert await database.one(wanted.params(key=text)) is None
            async with database.transaction() as tx:
                assert await tx.all(wanted.params(key=text)) == []
                assert await tx.one(wanted.params(key="")) is None
            for key in (text, ""):
                assert await database.batch(partial(_asked, wanted, key)) == []


def test_a_server_that_cannot_be_reached_is_one_line_without_the_password(tmp_path: Path) -> None:
    assert ON_POSTGRES
    url = "postgresql://ada:canary-of-a-password@127.0.0.1:1/chat"
    for words in (["serve"], ["migrate"], ["user", "list"]):
        done = Here(tmp_path / "data")(*words, CHATAPP_DATABASE_URL=url)
        assert (done.code, done.out) == (1, "")
        assert done.err.startswith("PostgreSQL at 127.0.0.1:1/chat cannot be used: ")
        assert done.err.count("\n") == 1
        assert "canary" not in done.err


def test_a_database_that_cannot_keep_every_character_is_refused(server: Server) -> None:
    asks = partial(databases().desk.asks, server.url)
    asks("CREATE DATABASE narrow ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    try:
        with pytest.raises(Unusable, match="LATIN1"):
            postgres_start.prepare(urlsplit(server.url)._replace(path="/narrow").geturl())
    finally:
        asks("DROP DATABASE narrow WITH (FORCE)")


async def test_an_error_does_not_repeat_what_was_said(url: str, tmp_path: Path) -> None:
    async with opened(url, tmp_path) as database:
        with pytest.raises(sa.exc.DBAPIError) as caught:
            await database.one(sa.text("SELECT :said FROM nowhere").bindparams(said="in confidence"))
    assert "confidence" not in str(caught.value)


def test_the_command_line_works_beside_a_running_server(tmp_path: Path) -> None:
    chatapp = Here(tmp_path / "data")
    with chatapp.serving():
        added = chatapp(
            *("user", "add", "ada", "--email", "ada@example.org", "--admin", "--password-stdin"),
            stdin="correct horse battery\n",
        )
        assert (added.code, added.err) == (0, "")
        assert chatapp("user", "list").out.startswith("ada\t")
        assert "account.made" in chatapp("audit-log").out
        audited = chatapp("audit")
        assert (audited.code, audited.out) == (0, f"1 room, 0 messages, 0 holes, schema {SCHEMA}: nothing wrong.\n")


def test_copies_are_made_by_other_means(tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    for command, means in (("backup", "pg_dump"), ("restore", "pg_restore")):
        done = Here(tmp_path / "data")(command, str(folder))
        assert done.code == 1
        assert means in done.err


def test_the_names_in_sentences_hold_no_password() -> None:
    url = "postgresql://ada:secret@db.example.org:5433/chat"
    assert postgres_start.where(url) == "db.example.org:5433/chat"
    shown = {name: value for name, value, *_ in Settings(database_url=url).table()}
    assert shown["CHATAPP_DATABASE_URL"] == "***"
    assert urlsplit(url).password == "secret"


async def test_a_process_takes_as_many_connections_as_the_pages_say(both: list[Process], ada: Actor, url: str) -> None:
    seen = 0
    for _ in range(5):
        talk = [ada.says(f"{n}") for n in range(20)]
        look = [ada.chat.search.find(ada.person, parse("word"), Days()) for _ in range(20)]
        read = [ada.chat.memberships.members(ada.person, "general") for _ in range(40)]
        work = asyncio.gather(*talk, *look, *read)
        while not work.done():
            found = await asyncio.to_thread(databases().desk.asks, url, TAKEN)
            seen = max(seen, found[0][0])
        await work
    print(f"{seen} connections of {len(both)} processes")
    assert len(both) * 6 < seen <= len(both) * CONNECTIONS
    for page in ("operating", "security"):
        assert re.search(r"up to\s+nine connections", (ROOT / "docs" / f"{page}.md").read_text())


async def test_servers_that_start_at_once_on_nothing_at_all_are_one_chat(tmp_path: Path) -> None:
    url = databases().fresh()
    servers = [Chat(tmp_path / "data", DATABASE_URL=url) for _ in range(4)]
    try:
        await asyncio.gather(*(server.start() for server in servers))
        assert len({server.setup_link.partition("code=")[2] for server in servers}) == 1
        assert [line for server in servers for line in server.output if "secrets.differ" in line] == []
        assert databases().desk.asks(url, "SELECT slug FROM rooms") == [("general",)]
        assert [await server.stop() for server in servers] == [0] * 4
    finally:
        await asyncio.gather(*(server.kill() for server in servers))
