"""When the power goes, what was answered is on the disk and not only on its way there."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest
from aiohttp import ClientSession

from chatapp.storage import secrets
from chatapp.storage.blobs import digest_of
from tests.faults.crowd import Crowd, populate, pressed
from tests.faults.disks import ForgetfulDisk, forgetful_disk
from tests.support.pictures import picture
from tests.support.rounds import rounds
from tests.support.server import Server

pytestmark = pytest.mark.file_only("what the file has on the disk")
ROUNDS: Final = rounds(3, 50)
MOST_ROUNDS: Final = 10
WRITERS, LISTENERS = 50, 5
FILES: Final = rounds(3, 20)
BACKUPS: Final = rounds(2, 10)


@pytest.fixture
async def disk(tmp_path: Path) -> AsyncIterator[ForgetfulDisk]:
    folder = tmp_path / "disk"
    folder.mkdir()
    async with forgetful_disk(folder) as found:
        yield found


async def cuts_the_power(disk: ForgetfulDisk, crowd: Crowd) -> None:
    """In the middle of writing; then everything starts again."""
    await crowd.next_answer()
    await asyncio.sleep(random.uniform(0.2, 0.8))
    await crowd.server.kill()
    disk.cut()
    await crowd.server.start()


@pytest.mark.timeout(180 + 20 * ROUNDS)
async def test_a_power_cut_loses_nothing_that_was_answered(disk: ForgetfulDisk) -> None:
    tokens = await populate(disk.folder)
    disk.keep()
    server = Server(disk.folder, LIMITS="off", DURABILITY="full")
    async with pressed(server, tokens, writers=WRITERS, listeners=LISTENERS) as crowd:
        for _ in range(ROUNDS):
            await cuts_the_power(disk, crowd)
        await crowd.next_answer()
        assert await crowd.verdict() == []
    print(f"power cut: {ROUNDS} cuts, {crowd.answers} answers, none lost")
    assert crowd.answers > 50 * ROUNDS


@pytest.mark.timeout(180 + 20 * MOST_ROUNDS)
async def test_with_durability_normal_it_does_which_shows_that_the_disk_forgets(disk: ForgetfulDisk) -> None:
    tokens = await populate(disk.folder)
    disk.keep()
    server = Server(disk.folder, LIMITS="off", DURABILITY="normal")
    async with pressed(server, tokens, writers=WRITERS, listeners=LISTENERS) as crowd:
        for _ in range(MOST_ROUNDS):
            await cuts_the_power(disk, crowd)
            await crowd.next_answer()
            answered = [key for writer in crowd.writers for key in writer.answered]
            stored = {message.client_id for messages in (await crowd.log()).values() for message in messages}
            lost = [key for key in answered if key not in stored]
            if lost:
                break
        print(f"power cut with durability=normal: {len(lost)} of {len(answered)} answered messages lost")
        assert lost


async def brings_a_picture(session: ClientSession, number: int) -> list[str]:
    """Where it lies, and its copies."""
    into = "/api/v1/files?room=general&name=picture.png"
    async with session.post(into, data=picture(400 + number)) as taken:
        assert taken.status == 201, await taken.text()
        file = await taken.json()
    return [file["url"], *(f"/rooms/general/{copy}/{file['id']}" for copy in ("thumbnails", "pictures"))]


async def fetched(session: ClientSession, address: str) -> tuple[int, bytes]:
    async with session.get(address) as answer:
        return answer.status, await answer.read()


@pytest.mark.timeout(180 + 10 * FILES)
async def test_a_picture_that_was_taken_is_whole_after_a_power_cut_and_so_are_its_copies(disk: ForgetfulDisk) -> None:
    token, *_ = await populate(disk.folder, ["general"])
    disk.keep()
    server, sent = Server(disk.folder, LIMITS="off", DURABILITY="full"), dict[str, tuple[int, bytes]]()
    await server.start()
    try:
        async with ClientSession(server.url, headers={"Authorization": f"Bearer {token}"}) as session:
            async with session.post("/api/v1/rooms/general/messages", json={"content": "x"}) as answer:
                assert answer.status == 201
            # Until nothing is new any more for which SQLite would have this folder written down.
            await asyncio.sleep(2)
            for number in range(FILES):
                for address in await brings_a_picture(session, number):
                    sent[address] = await fetched(session, address)
                await server.kill()
                disk.cut()
                await server.start()
                assert {address: await fetched(session, address) for address in sent} == sent
    finally:
        await server.kill()
    assert {status for status, _ in sent.values()} == {200}
    print(f"power cut: {FILES} pictures, {len(sent)} files of them, as they were after as many cuts")


async def chat_with_pictures(data: Path) -> Server:
    token, *_ = await populate(data, ["general"])
    server = Server(data, LIMITS="off")
    await server.start()
    try:
        async with ClientSession(server.url, headers={"Authorization": f"Bearer {token}"}) as session:
            for number in range(FILES):
                await brings_a_picture(session, number)
    finally:
        assert await server.stop() == 0
    return server


def everything(folder: Path) -> dict[str, str]:
    """The digest of every file by its path, but of what says who is at work there."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock")
    return {f"{path.relative_to(folder)}": digest_of(path) for path in files}


def test_keys_and_their_folder_are_there_after_a_power_cut_right_after_they_were_made(disk: ForgetfulDisk) -> None:
    data = disk.folder / "new" / "data"
    for change in (secrets.load, secrets.rotate):
        made = change(data)
        disk.cut()
        assert secrets.load(data) == made


@pytest.mark.timeout(180 + 20 * BACKUPS)
async def test_a_backup_that_was_made_and_put_back_is_whole_after_a_power_cut(
    tmp_path: Path, disk: ForgetfulDisk
) -> None:
    server = await chat_with_pictures(tmp_path / "data")
    for number in range(BACKUPS):
        backup = disk.folder / f"round-{number}" / "backup"
        await server.run("backup", str(backup))
        made = everything(backup.parent)
        disk.cut()
        assert everything(backup.parent) == made
        assert len(everything(backup / "files")) == 3 * FILES
        other = Server(backup.with_name("data"))
        # Into a new folder, then over what is there, which is put aside.
        for _ in range(2):
            await other.run("restore", str(backup))
            put_back = everything(backup.parent)
            disk.cut()
            assert everything(backup.parent) == put_back
    print(f"power cut: {BACKUPS} backups of {FILES} pictures, each put back twice, as they were after each cut")
