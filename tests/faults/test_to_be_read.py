"""A disk that is mounted to be read only: what writes says so, and what only reads does."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.disks import small_disk, succeeds
from tests.support.command import Here, Result

pytestmark = pytest.mark.file_only("a disk under the file")


async def test_what_only_reads_needs_no_disk_that_can_be_written(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with small_disk(tmp_path, mebibytes=4) as disk:
        chatapp = Here(disk.folder / "data")

        async def run(*words: str, stdin: str = "") -> Result:
            return await asyncio.to_thread(chatapp, *words, stdin=stdin)

        await run("user", "add", "ada", "--email", "a@example.org", "--password-stdin", stdin="correct horse")
        assert await succeeds("mount", "-o", "remount,ro", str(disk.folder))
        assert "account.made\tada" in (await run("audit-log")).out
        for words in ("audit", f"backup {tmp_path_factory.mktemp('kept')}/monday"):
            assert (await run(*words.split())).code == 0, words
        for words in ("serve", "user list", "migrate"):
            result = await run(*words.split())
            assert (result.code, result.out) == (1, "")
            assert "Read-only file system. Make that disk writable" in result.err
