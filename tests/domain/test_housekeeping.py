"""What is over is forgotten; what is alive stays."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection

import pytest
import sqlalchemy as sa

from chatapp.core.errors import Unavailable
from chatapp.domain.housekeeping import FREED_AT_ONCE
from chatapp.storage import tables
from chatapp.storage.blobs import Blobs
from tests.support.engine import behind_its_back
from tests.support.house import HERE, House, until

COUNTS = """
    SELECT (SELECT count(*) FROM sessions), (SELECT count(*) FROM tokens),
           (SELECT count(*) FROM links), (SELECT count(*) FROM invites)
"""


async def test_what_has_expired_is_deleted_and_its_sockets_end(house: House) -> None:
    ada = await house.person("ada", is_admin=True)
    session = await house.signs_in("ada")
    _, secret = await house.chat.sign_in.create_token(ada, "week", 7)
    bearer = await house.chat.sign_in.by_token(secret)
    assert bearer is not None
    await house.chat.invites.create(ada, days=7)
    await house.chat.links.request_reset("ada@example.org")
    await house.letters()
    sockets = [house.connects(session), house.connects(bearer)]
    await house.chat.housekeeping.tidy()
    assert house.rows(COUNTS) == [(1, 1, 1, 1)]
    house.clock.passes(days=house.settings.session_idle_days)
    await house.chat.housekeeping.tidy()
    assert house.rows(COUNTS) == [(0, 0, 0, 0)]
    assert [socket.closed for socket in sockets] == [[4401], [4401]]


async def test_what_is_in_use_or_does_not_expire_stays(house: House) -> None:
    ada = await house.person("ada")
    secret, _ = await house.chat.sign_in.with_password("ada", "correct horse battery", remember=True, **HERE)
    _, token = await house.chat.sign_in.create_token(ada, "for ever", None)
    house.clock.passes(days=house.settings.session_idle_days - 1)
    assert await house.chat.sign_in.by_session(secret)
    await house.chat.housekeeping.note_seen()
    house.clock.passes(days=house.settings.session_idle_days - 1)
    await house.chat.housekeeping.tidy()
    assert await house.chat.sign_in.by_session(secret)
    assert await house.chat.sign_in.by_token(token)


async def test_an_account_that_nobody_confirms_gives_its_name_back(open_to_all: House) -> None:
    house = open_to_all
    await house.person("ada")
    await house.registers("grace")
    await house.chat.accounts.register(username="eve", email="ada@example.org", password="correct horse battery")
    await house.registers("linus")
    await house.chat.links.verify((await house.letters())[-1].body.split("/verify/")[1].split()[0])
    house.clock.passes(days=7)
    await house.chat.housekeeping.tidy()
    assert len(house.rows("SELECT * FROM people")) == 4
    house.clock.passes(seconds=1)
    await house.chat.housekeeping.tidy()
    assert house.rows("SELECT username FROM people ORDER BY id") == [("ada",), ("linus",)]
    assert await house.registers("grace")


async def test_an_account_that_nobody_confirms_is_forgotten_out_of_any_room(open_to_all: House) -> None:
    house = open_to_all
    ada = await house.person("ada")
    room = await house.chat.rooms.create(ada, name="Type")
    await house.registers("grace")
    # As it could be made before such an account was nobody to those who add people.
    with behind_its_back(house.settings.database_path) as connection:
        connection.execute(
            "INSERT INTO memberships (room_id, person_id, role, joined_at, read_index) "
            "SELECT ?, id, 'member', 0, 0 FROM people WHERE username = 'grace'",
            (room.id,),
        )
    await house.chat.memberships.leave(ada, room.slug)
    assert house.rows("SELECT role FROM memberships WHERE room_id = 2") == [("member",)]
    house.clock.passes(days=7, seconds=1)
    await house.chat.housekeeping.tidy()
    assert house.rows("SELECT username FROM people") == [("ada",)]
    assert house.rows("SELECT role FROM memberships WHERE room_id = 2") == []


async def test_the_number_of_a_forgotten_account_is_given_to_nobody(open_to_all: House) -> None:
    house = open_to_all
    await house.person("ada")
    await house.registers("grace")
    (forgotten,) = house.rows("SELECT id FROM people WHERE username = 'grace'")
    house.clock.passes(days=7, seconds=1)
    for _ in range(2):
        await house.chat.housekeeping.tidy()
    assert house.rows("SELECT username FROM people") == [("ada",)]
    # The audit log speaks of it, and a browser may still hold its mark.
    linus = await house.person("linus")
    assert (linus.id,) == (forgotten[0] + 1,)
    assert (await house.person("mary")).id == linus.id + 1


async def test_a_session_that_is_not_remembered_is_deleted_after_a_day(house: House) -> None:
    await house.person("ada")
    await house.signs_in("ada", remember=False)
    await house.signs_in("ada", remember=True)
    house.clock.passes(days=1)
    await house.chat.housekeeping.tidy()
    assert house.rows("SELECT is_remembered FROM sessions") == [(1,)]


async def test_what_was_seen_since_is_not_called_idle(house: House) -> None:
    await house.person("ada")
    secret, _ = await house.chat.sign_in.with_password("ada", "correct horse battery", remember=False, **HERE)
    house.clock.passes(days=0.9)
    assert await house.chat.sign_in.by_session(secret)
    house.clock.passes(days=0.9)
    await house.chat.housekeeping.tidy()
    assert await house.chat.sign_in.by_session(secret)


async def test_what_was_seen_of_a_session_that_is_gone_brings_nothing_back(house: House) -> None:
    identity = await house.signs_in((await house.person("ada")).username)
    await house.chat.sign_in.log_out(identity)
    house.chat.sign_in.note_seen(identity)
    await house.chat.housekeeping.note_seen()
    assert house.rows("SELECT count(*) FROM sessions") == [(0,)]


async def test_what_was_seen_is_kept_when_it_cannot_be_written(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    identity = await house.signs_in((await house.person("ada")).username)
    house.clock.passes(minutes=5)
    house.chat.sign_in.note_seen(identity)
    with monkeypatch.context() as broken:
        broken.setattr(house.database, "transaction", full_disk)
        with pytest.raises(Unavailable):
            await house.chat.housekeeping.note_seen()
    await house.chat.housekeeping.note_seen()
    assert house.rows("SELECT seen_at FROM sessions") == [(house.clock(),)]
    assert house.chat.sign_in.seen() == ({}, {})


def full_disk(**_how: object) -> None:
    raise Unavailable


async def test_files_of_nobody_go_in_parts_and_others_write_between_them(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada = await house.person("ada", is_admin=True)
    row = {"room_id": 1, "name": "x", "size": 1, "media_type": "text/plain", "created_at": 0}
    async with house.chat.outbox._database.transaction() as tx:
        rows = [{**row, "digest": f"{number:064x}"} for number in range(3 * FREED_AT_ONCE + 1)]
        await tx.execute(sa.insert(tables.files), rows)
    parts: list[int] = []

    def slowly(_blobs: Blobs, digests: Collection[str]) -> None:
        parts.append(len(digests))
        time.sleep(0.05)

    monkeypatch.setattr(Blobs, "remove", slowly)
    freeing = asyncio.create_task(house.chat.housekeeping.free_files())
    await until(lambda: bool(parts))
    await house.chat.messages.post(ada, "general", "meanwhile")
    assert len(parts) < 4
    await freeing
    assert parts == [FREED_AT_ONCE] * 3 + [1]
    assert house.rows("SELECT count(*) FROM files") == [(0,)]
