"""An audit of files beside people who delete and upload: what changes while it looks is no fault, on either engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from chatapp.core.models import Attachment, File, Person, Room
from chatapp.storage import contents, files, opening
from chatapp.storage.blobs import Blobs, digest_of
from tests.support.engine import behind_its_back, settings_on
from tests.support.store import NOW, Store

FREE = 'UPDATE files SET uploaded_by = NULL, "index" = NULL'


async def uploads(store: Store, by: Person, room: Room, content: bytes) -> File:
    async def pieces() -> AsyncIterator[bytes]:
        yield content

    blobs = Blobs(store.path.parent)
    async with blobs.received(pieces(), 10**6) as draft, store.database.transaction() as tx:
        blobs.keep(draft)
        shown = Attachment(0, "a.txt", draft.size, "text/plain")
        return await files.insert(tx, File(room.id, draft.digest, by.id, None, shown))


async def sentences(store: Store) -> list[str]:
    report = await asyncio.to_thread(opening.audit, settings_on(store.path.parent))
    return [finding.sentence for finding in report.findings]


def deletes(path: Path, file: File) -> None:
    """The row and the content, as housekeeping does."""
    with behind_its_back(path) as connection:
        connection.execute("DELETE FROM files WHERE id = ?", (file.shown.id,))
    contents.place(path.parent, file.digest).unlink()


def once(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """Done while the audit looks at the first content: the rows have been read."""
    acts = [act]

    def looked(path: Path) -> str:
        if acts:
            acts.pop()()
        return digest_of(path)

    monkeypatch.setattr(contents, "digest_of", looked)


@pytest.fixture
async def two(store: Store, ada: Person, room: Room) -> list[File]:
    """In the order in which an audit looks at them."""
    return sorted([await uploads(store, ada, room, each) for each in (b"one", b"two")], key=lambda file: file.digest)


@pytest.mark.parametrize("which", [0, 1])
async def test_a_file_that_is_deleted_while_it_looks_is_not_missing(
    store: Store, two: list[File], monkeypatch: pytest.MonkeyPatch, which: int
) -> None:
    once(monkeypatch, lambda: deletes(store.path, two[which]))
    assert await sentences(store) == []


async def test_a_file_that_is_deleted_and_uploaded_again_is_not_missing(
    store: Store, ada: Person, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = await uploads(store, ada, room, b"one")
    loop = asyncio.get_running_loop()
    looks: list[Path] = []

    def looked(path: Path) -> str:
        looks.append(path)
        if len(looks) == 1:
            path.unlink()
        try:
            return digest_of(path)
        finally:
            if len(looks) == 2:
                with behind_its_back(store.path) as connection:
                    connection.execute("DELETE FROM files WHERE id = ?", (file.shown.id,))
                store.database.clock = lambda: NOW + 1
                asyncio.run_coroutine_threadsafe(uploads(store, ada, room, b"one"), loop).result(30)

    monkeypatch.setattr(contents, "digest_of", looked)
    assert await sentences(store) == []
    assert len(looks) == 2


async def test_what_is_about_to_be_deleted_is_no_leftover(
    store: Store, two: list[File], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "FORGOTTEN_SECONDS", -1)
    with behind_its_back(store.path) as connection:
        connection.execute(FREE)
    assert await sentences(store) == []
    with behind_its_back(store.path) as connection:
        connection.execute("DELETE FROM files WHERE id = ?", (two[0].shown.id,))
    assert await sentences(store) == ["The folder of files holds contents that no row names: 1."]


async def test_what_is_missing_or_altered_is_said(store: Store, two: list[File]) -> None:
    first, second = (contents.place(store.path.parent, file.digest) for file in two)
    first.unlink()
    second.write_bytes(b"forged")
    what = "Room designers: the content of a file that is not sent yet is"
    assert await sentences(store) == [f"{what} missing: {first.name}.", f"{what} not what was stored: {second.name}."]
