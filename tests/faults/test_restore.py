"""An older database under clients that have seen more: they learn of it at once, and keep nothing of what is gone."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import aiohttp
import pytest

from tests.faults.crowd import Crowd, populate, pressed
from tests.faults.line import Heard
from tests.support.house import until
from tests.support.rounds import rounds
from tests.support.server import Server

pytestmark = pytest.mark.file_only("copies of the file; a server has tests/postgres/test_takeover.py")
PutBack = Callable[[Server, Path], Awaitable[None]]
LISTENERS: Final = rounds(10, 50)
# What is promised is 5; the short run shares its machine.
SECONDS: Final = rounds(30, 5)
ROOMS: Final = ("general", "ops")
MORE: Final = 200


async def more_answers(crowd: Crowd, count: int) -> None:
    goal = crowd.answers + count
    await until(lambda: crowd.answers >= goal, seconds=30)


async def put_back_with_the_command(server: Server, backup: Path) -> None:
    await server.kill()
    await server.run("restore", str(backup))


async def put_back_by_hand(server: Server, backup: Path) -> None:
    """As one who has not read the manual does it."""
    assert await server.stop() == 0
    shutil.copy(backup / "chatapp.db", server.data / "chatapp.db")


@pytest.mark.parametrize("put_back", [put_back_with_the_command, put_back_by_hand], ids=["command", "by hand"])
async def test_clients_of_an_older_copy_resync_and_hold_no_phantom(tmp_path: Path, put_back: PutBack) -> None:
    server = Server(tmp_path / "data", LIMITS="off")
    tokens = await populate(server.data, ROOMS)
    async with pressed(
        server, tokens, writers=20, listeners=LISTENERS, rooms=ROOMS, insists=False, changes=False
    ) as crowd:
        await more_answers(crowd, MORE)
        await server.run("backup", str(tmp_path / "backup"))
        await more_answers(crowd, MORE)
        ears = [ear for listener in crowd.listeners for ear in listener.ears.values()]
        (before,) = {ear.epoch for ear in ears}
        away_at, crowd.address.port = max(ear.version for ear in ears), 1
        await put_back(server, tmp_path / "backup")
        await server.start()
        # Nobody is back yet: the new history goes on beyond every number they hold.
        await say_more(server, tokens[0], away_at + 50)
        crowd.address.port, began = server.port, asyncio.get_running_loop().time()
        await until(lambda: all(ear.epoch != before for ear in ears), seconds=SECONDS)
        took = asyncio.get_running_loop().time() - began
        assert all(not ear.answers[-1][3] for ear in ears), "Somebody was told that nothing is missing."
        await more_answers(crowd, MORE)
        for writer in crowd.writers:
            writer.is_over = True
        log = await settled(crowd)
        for listener in crowd.listeners:
            for room, ear in listener.ears.items():
                assert ear.state == {message.index: message for message in log[room]}, (listener.name, room)
    assert len({ear.epoch for ear in ears}) == 1
    print(f"restore: {len(crowd.listeners)} clients with {len(crowd.rooms)} rooms, all told within {took:.2f} s")


async def say_more(server: Server, token: str, beyond: int) -> None:
    """As many messages in each room as bring its version there."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {token}"}) as session:

        async def say(room: str) -> None:
            url = f"{server.url}/api/v1/rooms/{room}"
            async with session.get(url) as answer:
                version = (await answer.json())["version"]
            assert version < beyond
            for _ in range(beyond - version):
                async with session.post(f"{url}/messages", json={"content": "of the new history"}) as answer:
                    assert answer.status == 201, await answer.text()

        await asyncio.gather(*map(say, ROOMS))


async def settled(crowd: Crowd) -> dict[str, list[Heard]]:
    """The rooms read afresh, once the writers are silent and everybody has heard the last word."""
    await until(lambda: all(writer.is_done for writer in crowd.writers))
    log = await crowd.log()
    tops = {room: max(message.version for message in messages) for room, messages in log.items()}
    await until(lambda: all(listener.knows_up_to(tops) for listener in crowd.listeners), seconds=20)
    return {room: list(messages) for room, messages in log.items()}
