"""The disk below the database is full: messages are refused and it is not ready, until there is room again."""

from __future__ import annotations

import os
import pwd
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest
import sqlalchemy as sa
import structlog

from chatapp.core.errors import Unavailable
from chatapp.core.models import Person, Room
from chatapp.storage.tables import meta
from tests.faults.disks import SmallDisk, small_disk
from tests.postgres.conftest import stored
from tests.support.postgres import databases
from tests.support.postgres_server import NOBODY, Server
from tests.support.store import Store

MEBIBYTES: Final = 64
LONG: Final = "x" * 8000


@pytest.fixture
async def disk(server: Server) -> AsyncIterator[SmallDisk]:
    """That of the database ``tight``."""
    folder = server.folder / "small"
    folder.mkdir(exist_ok=True)
    desk = databases().desk
    async with small_disk(folder, mebibytes=MEBIBYTES) as disk:
        os.chown(folder, pwd.getpwnam(NOBODY).pw_uid, -1)
        desk.asks(server.url, f"CREATE TABLESPACE small LOCATION '{folder}'")
        desk.asks(server.url, "CREATE DATABASE tight TEMPLATE template0 TABLESPACE small")
        yield disk
        desk.asks(server.url, "DROP DATABASE tight WITH (FORCE)")
        desk.asks(server.url, "DROP TABLESPACE small")


@pytest.fixture
async def store(server: Server, disk: SmallDisk, tmp_path: Path) -> AsyncIterator[Store]:
    async with stored(server.url.rpartition("/")[0] + "/tight", tmp_path) as found:
        yield found


async def test_it_is_not_ready_as_long_as_messages_find_no_room(disk: SmallDisk, store: Store) -> None:
    ada = await store.person("ada")
    room = await store.room("designers", ada)
    await notes(store, "before")
    disk.fills()
    with structlog.testing.capture_logs() as logs:
        answered = await says_until_refused(store, ada, room)
        for number in range(3):
            # A line finds a place where a message finds none.
            await notes(store, f"{number}")
            assert not await store.database.is_well()
            with pytest.raises(Unavailable):
                await store.says(ada, LONG, room)
        refusals = len(logs)
        for _ in range(3):
            with pytest.raises(Unavailable):
                await store.says(ada, LONG, room)
    assert len(logs) == refusals, "Once, until something is written."
    disk.empties()
    assert await store.database.is_well()
    await store.says(ada, LONG, room)
    assert len(await store.stored(room)) == answered + 1


async def says_until_refused(store: Store, ada: Person, room: Room) -> int:
    """How many were answered."""
    answered = 0
    with suppress(Unavailable):
        while True:
            await store.says(ada, LONG, room)
            answered += 1
    return answered


async def notes(store: Store, key: str) -> None:
    async with store.database.transaction() as tx:
        await tx.execute(sa.insert(meta).values(key=key, value=""))
