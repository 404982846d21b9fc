"""The audit of a database on a server finds what was done to it behind the program's back."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from chatapp.core.audit_log import Wanted
from chatapp.core.errors import NotFound
from chatapp.domain.audit_log import AuditLog
from chatapp.settings import Settings
from chatapp.storage import opening, postgres_audit, postgres_start
from tests.postgres.conftest import opened
from tests.support.postgres import databases
from tests.support.source import SCHEMA
from tests.support.store import Store, all_at_once

FAULTS = {
    "an altered text": (
        "UPDATE messages SET content = 'x' WHERE index = 2",
        "Room designers: message 2 is not what was stored.",
    ),
    "a message taken out": ("DELETE FROM messages WHERE index = 3", "Room designers: message 3 is missing."),
    "the last taken out": ("DELETE FROM messages WHERE index = 5", "Room designers: message 5 is missing."),
    "a counter set back": (
        "UPDATE rooms SET last_version = 4 WHERE slug = 'designers'",
        "Room designers: message 5 lies beyond the room's counters.",
    ),
    "read further than there is": (
        "UPDATE memberships SET read_index = 99",
        "Room 2: person 1 has read up to 99, which is not in the room.",
    ),
    "a foreign trigger": (
        "CREATE TRIGGER evil BEFORE INSERT ON messages FOR EACH ROW EXECUTE FUNCTION audit_log_is_kept()",
        "The schema has the trigger evil, which chatapp did not make.",
    ),
    "a foreign view": ("CREATE VIEW shown AS SELECT 1", "The schema has the view shown, which chatapp did not make."),
    "a guard taken away": (
        "DROP TRIGGER audit_log_is_kept ON audit_log",
        "The schema lacks the trigger audit_log_is_kept.",
    ),
    "a message of nobody": (
        "INSERT INTO tokens (person_id, kind, name, digest, created_at) VALUES (77, '', '', '', 0)",
        "1 rows of tokens belong to rows of people that are not there.",
    ),
    "an audit log without its end": (
        "INSERT INTO meta VALUES ('audit_log.top', '3 x')",
        "The audit log: it ends with entry 0, but entry 3 was written.",
    ),
}


@pytest.fixture
def spoilt() -> Iterator[str]:
    """A database that is not used again."""
    url = databases().fresh()
    postgres_start.prepare(url)
    yield url
    databases().cut(url)


@pytest.mark.parametrize("fault", FAULTS)
async def test_every_fault_is_a_sentence(spoilt: str, tmp_path: Path, fault: str) -> None:
    async with opened(spoilt, tmp_path) as database:
        store = Store(database)
        async with store.journal.running():
            ada = await store.person("ada")
            room = await store.room("designers", ada)
            await all_at_once(*(store.says(ada, f"{n}", room) for n in range(5)))
    sound = await asyncio.to_thread(postgres_audit.audit, spoilt)
    assert (sound.summary(), sound.findings) == (f"2 rooms, 5 messages, 0 holes, schema {SCHEMA}: nothing wrong.", [])
    statement, sentence = FAULTS[fault]
    databases().desk.does(_without_guards(spoilt, statement))
    found = await asyncio.to_thread(postgres_audit.audit, spoilt)
    assert sentence in [finding.sentence for finding in found.findings]


async def _without_guards(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(f"SET session_replication_role = replica; {statement}")
    await connection.close()


async def test_what_others_keep_in_another_schema_is_theirs(spoilt: str) -> None:
    does = "CREATE TRIGGER theirs BEFORE INSERT ON shop.orders EXECUTE FUNCTION audit_log_is_kept()"
    for statement in ("CREATE SCHEMA shop", "CREATE TABLE shop.orders ()", "CREATE VIEW shop.shown AS SELECT 1", does):
        databases().desk.asks(spoilt, statement)
    assert (await asyncio.to_thread(postgres_audit.audit, spoilt)).findings == []


async def test_a_server_that_is_away_is_a_finding() -> None:
    report = await asyncio.to_thread(postgres_audit.audit, "postgresql://ada@127.0.0.1:1/chat")
    assert report.count == 1
    assert report.findings[0].sentence.startswith("The database cannot be read: ")


async def test_a_database_without_a_chat_is_found_out_in_words() -> None:
    report = await asyncio.to_thread(postgres_audit.audit, databases().fresh())
    sentences = [finding.sentence for finding in report.findings]
    assert 'The schema cannot be read to the end: relation "alembic_version" does not exist.' in sentences
    assert not any("sqlalche" in sentence or "\n" in sentence for sentence in sentences)


async def test_nothing_is_read_where_there_is_no_chat(tmp_path: Path) -> None:
    settings = Settings(database_url=databases().fresh(), data=tmp_path)
    with pytest.raises(NotFound, match=r"There is no chat in PostgreSQL at [^@]+\."):
        async with opening.beside(settings) as database:
            await AuditLog(database=database).latest(Wanted(), 10)
