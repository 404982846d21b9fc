"""When the power goes at the database server, what was answered is in its write-ahead log on the disk."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from chatapp.storage import postgres_audit
from tests.faults.crowd import Crowd, populate, pressed
from tests.faults.disks import ForgetfulDisk, forgetful_disk
from tests.support.engine import settings_on
from tests.support.postgres_server import Server
from tests.support.rounds import rounds
from tests.support.server import Server as Chat

ROUNDS: Final = rounds(2, 20)
MOST_ROUNDS: Final = 10
WRITERS, LISTENERS = 50, 5


class Machine:
    """A PostgreSQL server whose log lies on a disk that forgets. What it has in its tables was in the log before."""

    def __init__(self, server: Server, disk: ForgetfulDisk) -> None:
        self.server = server
        self._disk = disk
        log = server.folder / "data" / "pg_wal"
        server.stop("fast")
        shutil.copytree(log, disk.folder, dirs_exist_ok=True)
        shutil.rmtree(log)
        log.symlink_to(disk.folder)
        disk.keep()
        server.start()

    def loses_its_power(self) -> None:
        self.server.stop()
        self._disk.cut()
        self.server.start()


@pytest.fixture
async def machine() -> AsyncIterator[Machine]:
    # Synced as by default, and the log no longer than it must be.
    server = Server("-c max_wal_size=64MB")
    try:
        folder = server.folder / "disk"
        folder.mkdir()
        owner = (server.folder / "data").stat().st_uid
        os.chown(folder, owner, -1)
        async with forgetful_disk(folder, owner=owner) as disk:
            yield await asyncio.to_thread(Machine, server, disk)
            await asyncio.to_thread(server.stop)
    finally:
        server.remove()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


async def chat_on(machine: Machine, data: Path, durability: str) -> tuple[Chat, list[str]]:
    tokens = await populate(data, settings=replace(settings_on(data), database_url=machine.server.url))
    return Chat(data, LIMITS="off", DURABILITY=durability, DATABASE_URL=machine.server.url), tokens


async def cuts_the_power(machine: Machine, crowd: Crowd) -> None:
    """In the middle of writing."""
    await crowd.next_answer()
    await asyncio.sleep(random.uniform(0.2, 0.8))
    await crowd.at_an_answer()
    await asyncio.to_thread(machine.loses_its_power)
    await crowd.next_answer()


@pytest.mark.timeout(180 + 20 * ROUNDS)
async def test_a_power_cut_loses_nothing_that_was_answered(machine: Machine, data: Path) -> None:
    chat, tokens = await chat_on(machine, data, "full")
    async with pressed(chat, tokens, writers=WRITERS, listeners=LISTENERS) as crowd:
        for _ in range(ROUNDS):
            await cuts_the_power(machine, crowd)
        assert await crowd.verdict() == []
    print(f"power cut at PostgreSQL: {ROUNDS} cuts, {crowd.answers} answers, none lost")
    assert crowd.answers > 50 * ROUNDS
    assert (await asyncio.to_thread(postgres_audit.audit, machine.server.url)).findings == []


@pytest.mark.timeout(180 + 20 * MOST_ROUNDS)
async def test_with_durability_normal_it_does_which_shows_that_the_disk_forgets(machine: Machine, data: Path) -> None:
    chat, tokens = await chat_on(machine, data, "normal")
    async with pressed(chat, tokens, writers=WRITERS, listeners=LISTENERS) as crowd:
        for _ in range(MOST_ROUNDS):
            await cuts_the_power(machine, crowd)
            answered = [key for writer in crowd.writers for key in writer.answered]
            stored = {message.client_id for messages in (await crowd.log()).values() for message in messages}
            lost = [key for key in answered if key not in stored]
            if lost:
                break
        print(f"power cut at PostgreSQL with durability=normal: {len(lost)} of {len(answered)} answered messages lost")
        assert lost
