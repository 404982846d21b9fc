"""Started, looked at or copied on a full disk, a chat says that, and not that its database is damaged."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.disks import small_disk
from tests.support.command import Here, Result

pytestmark = pytest.mark.file_only("a full disk under the file")


async def test_a_full_disk_is_named_by_every_command_and_leaves_nothing_behind(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    kept = tmp_path_factory.mktemp("kept") / "monday"
    async with small_disk(tmp_path, mebibytes=4) as disk:
        chatapp = Here(disk.folder / "data")

        async def run(*words: str, stdin: str = "") -> Result:
            return await asyncio.to_thread(chatapp, *words, stdin=stdin)

        added = await run("user", "add", "ada", "--email", "a@example.org", "--password-stdin", stdin="correct horse")
        assert (added.code, (await run("backup", str(kept))).code) == (0, 0)
        disk.fills()
        for words in ("serve", "audit", "user list", f"backup {kept}-2", f"restore {kept}"):
            result = await run(*words.split())
            assert (result.code, result.out) == (1, ""), words
            assert "No space left on device. Make room" in result.err, (words, result.err)
            assert not {"damaged", "chatapp restore", "Traceback"} & set(result.err.split()), words
            assert str(disk.folder) in result.err
        disk.empties()
        assert not [*chatapp.data.glob("*.part"), *chatapp.data.glob("before-restore-*")]
        assert (await run("user", "list")).code == 0


async def test_a_disk_that_takes_no_more_files_is_full_and_its_database_not_damaged(tmp_path: Path) -> None:
    async with small_disk(tmp_path, mebibytes=4, files=20) as disk:
        chatapp = Here(disk.folder / "data")
        assert (await asyncio.to_thread(chatapp, "user", "list")).code == 0
        with suppress(OSError):
            for number in range(20):
                (disk.folder / f"{number}").touch()
        result = await asyncio.to_thread(chatapp, "serve")
        assert (result.code, result.err) == (
            1,
            f"{chatapp.data}: No space left on device. Make room on that disk, then try again.\n",
        )


async def test_a_file_that_cannot_be_opened_is_not_called_damaged(tmp_path: Path) -> None:
    chatapp = Here(tmp_path)
    assert (await asyncio.to_thread(chatapp, "user", "list")).code == 0
    # Nobody can open this one, root neither.
    (tmp_path / "chatapp.db-wal").mkdir()
    result = await asyncio.to_thread(chatapp, "serve")
    assert result.code == 1
    assert result.err.startswith(f"{tmp_path}/chatapp.db cannot be opened. See that it belongs to this user")
