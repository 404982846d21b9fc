"""Files in backups and audits: each that a message has is there, as it was, or it is said which is not."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from alembic import command

from chatapp.core.models import Attach, Attachment, File, Message, Person, Room
from chatapp.storage import backup, files, migrate, secrets
from chatapp.storage.blobs import Blobs
from chatapp.storage.integrity import audit
from tests.support.store import Store, open_store

pytestmark = pytest.mark.file_only("copies of the file")


@pytest.fixture
def path(tmp_path: Path, migrated: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    secrets.load(data)
    return Path(shutil.copy(migrated, data / "chatapp.db"))


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 1000):
        yield content[start : start + 1000]


async def uploads(store: Store, by: Person, room: Room, content: bytes, name: str = "a.txt") -> File:
    blobs = Blobs(store.path.parent)
    async with blobs.received(pieces(content), 10**6) as draft, store.database.transaction() as tx:
        blobs.keep(draft)
        shown = Attachment(0, name, draft.size, "application/octet-stream")
        return await files.insert(tx, File(room.id, draft.digest, by.id, None, shown))


async def sends(store: Store, by: Person, room: Room, content: bytes) -> Message:
    file = await uploads(store, by, room, content)
    return await store.says(by, "", room, attachments=(Attach(file.shown.id),))


def kept(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "files").rglob("*") if path.is_file()}


def sentences(data: Path) -> list[str]:
    return [finding.sentence for finding in audit(data / "chatapp.db").findings]


@pytest.fixture
async def store(path: Path) -> AsyncIterator[Store]:
    async with open_store(path) as opened:
        opened.path = path
        yield opened


async def test_a_backup_holds_the_files_and_a_restore_brings_them_back(
    store: Store, ada: Person, room: Room, tmp_path: Path
) -> None:
    data = store.path.parent
    for content in (b"one", b"two" * 10_000, b"one"):
        await sends(store, ada, room, content)
    report = backup.make(data, tmp_path / "backup")
    assert (report.findings, report.files) == ([], 2)
    assert sorted(kept(tmp_path / "backup").values()) == sorted(kept(data).values())
    before = kept(data)
    await sends(store, ada, room, b"three")
    aside = backup.restore(data, tmp_path / "backup")
    assert kept(data) == before
    assert b"three" in kept(aside).values()
    assert sentences(data) == []
    assert not list(data.glob("*.part"))


async def test_a_backup_holds_nothing_that_no_message_has(
    store: Store, ada: Person, room: Room, tmp_path: Path
) -> None:
    await sends(store, ada, room, b"one")
    await store.deletes(ada, 1, room)
    backup.make(store.path.parent, tmp_path / "backup")
    assert kept(tmp_path / "backup") == {}


async def test_an_audit_names_what_is_missing_and_what_was_altered(store: Store, ada: Person, room: Room) -> None:
    data = store.path.parent
    await sends(store, ada, room, b"one")
    await sends(store, ada, room, b"two")
    await uploads(store, ada, room, b"three")
    assert sentences(data) == []
    paths = {path.read_bytes(): path for path in (data / "files").rglob("*") if path.is_file()}
    paths[b"one"].unlink()
    paths[b"two"].write_bytes(b"tWo")
    paths[b"three"].unlink()
    found = sentences(data)
    assert len(found) == 3
    assert any("message 1 is missing" in each for each in found)
    assert any("message 2 is not what was stored" in each for each in found)
    assert any("not sent yet is missing" in each for each in found)


async def test_an_audit_names_what_nothing_names_only_when_it_is_old(
    store: Store, ada: Person, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = store.path.parent
    await sends(store, ada, room, b"one")
    lost = data / "files" / "ab" / ("ab" + "0" * 62)
    lost.parent.mkdir(exist_ok=True)
    lost.write_bytes(b"lost")
    assert sentences(data) == []
    monkeypatch.setattr("chatapp.storage.contents.FORGOTTEN_SECONDS", -1)
    assert sentences(data) == ["The folder of files holds contents that no row names: 1."]


def test_a_backup_of_an_earlier_schema_has_no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "earlier"
    data.mkdir()
    secrets.load(data)
    with monkeypatch.context() as patch:
        upgrade = command.upgrade
        patch.setattr(command, "upgrade", lambda config, _: upgrade(config, "0007"))
        migrate.upgrade(data / "chatapp.db")
    assert backup.make(data, tmp_path / "backup").findings == []
