"""A commit whose answer is lost with the connection is told of when it is known to have come about, and only then."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from chatapp.core.errors import Unavailable
from chatapp.core.reads import ReadMark
from chatapp.storage import memberships, notices
from chatapp.storage.database import Writer
from chatapp.storage.tables import meta
from tests.postgres.conftest import stored
from tests.support.house import until
from tests.support.postgres import databases
from tests.support.postgres_server import Server
from tests.support.store import Store, contents


@pytest.fixture
async def store(server: Server, tmp_path: Path) -> AsyncIterator[Store]:
    """On a server of its own."""
    async with stored(server.url, tmp_path) as found:
        yield found


@pytest.mark.parametrize("has_happened", [True, False], ids=["it had committed", "it had not"])
async def test_a_commit_without_an_answer_is_told_of_as_soon_as_it_is_known(
    server: Server, store: Store, monkeypatch: pytest.MonkeyPatch, has_happened: bool
) -> None:
    ada = await store.person("ada")
    room = await store.room("designers", ada)
    await store.log.recent(room.id, 10)
    with monkeypatch.context() as patch:
        patch.setattr(AsyncConnection, "commit", _lost(AsyncConnection.commit, has_happened=has_happened))
        with pytest.raises(Unavailable):
            await store.says(ada, "hello", room, client_id="1")
        with pytest.raises(Unavailable):
            await _puts(store, "hello", lambda: told.append("hello"))
    told: list[str] = []
    again = await store.says(ada, "hello", room, client_id="1")
    assert again.index == 1
    assert contents(store.announced) == contents(await store.stored(room)) == ["hello"]
    assert contents((await store.log.recent(room.id, 10)).messages) == ["hello"]
    await until(lambda: not store.database._doubts)  # type: ignore[attr-defined]
    assert told == (["hello"] if has_happened else [])


@pytest.mark.parametrize("whose", ["nobody's", "the next one's", "another's"])
async def test_a_commit_whose_number_a_crash_has_taken_back_has_not_happened(
    server: Server, store: Store, monkeypatch: pytest.MonkeyPatch, whose: str
) -> None:
    """A server that crashes gives numbers again which it had not written down, and knows nothing of them until then."""
    ada = await store.person("ada")
    room = await store.room("designers", ada)
    with monkeypatch.context() as patch:
        patch.setattr(AsyncConnection, "commit", _lost(AsyncConnection.commit, has_happened=False))
        with pytest.raises(Unavailable):
            await store.says(ada, "hello", room)
    doubts: list[Any] = store.database._doubts  # type: ignore[attr-defined]
    ((number, commit),) = doubts
    others = _number_of_another(server)
    given = {"nobody's": int(number) + 10**6, "the next one's": others + 1, "another's": others}
    doubts[0] = (f"{given[whose]}", commit)
    assert (await store.says(ada, "after", room)).index == 1
    assert contents(store.announced) == ["after"]
    assert doubts == []


@pytest.mark.parametrize("is_stored", [True, False], ids=["stored", "taken back"])
@pytest.mark.parametrize("what", ["a notice", "a read position"])
async def test_what_is_no_message_is_told_of_where_it_is_found_not_where_its_number_has_committed(
    server: Server, store: Store, monkeypatch: pytest.MonkeyPatch, what: str, is_stored: bool
) -> None:
    """The number may be another's after a crash."""
    ada = await store.person("ada")
    room = await store.room("designers", ada)
    told: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(AsyncConnection, "commit", _lost(AsyncConnection.commit, has_happened=is_stored))
        with pytest.raises(Unavailable):
            await (_notes(store, told) if what == "a notice" else _reads(store, room.id, ada.id, told))
    doubts: list[Any] = store.database._doubts  # type: ignore[attr-defined]
    ((_, commit),) = doubts
    doubts[0] = (f"{_number_of_another(server)}", commit)
    await until(lambda: doubts == [])
    assert told == (["it"] if is_stored else [])


async def test_a_commit_without_an_answer_is_told_of_though_nobody_writes(
    server: Server, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await store.person("ada")
    room = await store.room("designers", ada)
    with monkeypatch.context() as patch:
        patch.setattr(AsyncConnection, "commit", _lost(AsyncConnection.commit, has_happened=True))
        with pytest.raises(Unavailable):
            await store.says(ada, "hello", room, client_id="1")
    await until(lambda: contents(store.announced) == ["hello"])


def _number_of_another(server: Server) -> int:
    """Of a transaction that has committed."""
    ((number,),) = databases().desk.asks(server.url, "SELECT CAST(pg_current_xact_id() AS text)")
    return int(number)


def _lost(commit: Any, *, has_happened: bool) -> Any:
    async def commits(connection: AsyncConnection) -> None:
        if has_happened:
            await commit(connection)
        raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")

    return commits


async def _puts(store: Store, key: str, told: Any) -> None:
    async with store.database.transaction() as tx:
        await tx.execute(sa.insert(meta).values(key=key, value=""))
        tx.after_commit(told)


async def _notes(store: Store, told: list[str]) -> None:
    async with store.database.transaction() as tx:
        await notices.insert(tx, ["one", "another"])
        tx.after_commit(lambda: told.append("it"))


async def _reads(store: Store, room_id: int, person_id: int, told: list[str]) -> None:
    async def advance(writer: Writer) -> None:
        assert await memberships.advance(writer, room_id, person_id, ReadMark(5))
        writer.after_commit(lambda: told.append("it"))

    await store.database.batch(advance)
