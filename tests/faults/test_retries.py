"""Sending again is free: through any doors, at once or later, a key names one message for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from aiohttp import ClientSession

from tests.faults.crowd import populate
from tests.faults.line import Heard, Line
from tests.support.rounds import rounds
from tests.support.server import Server

SENDS: Final = rounds(30, 1000)
ROOM: Final = "general"
Outcome = Heard | str


class Doors:
    """Two sockets and HTTP, all of one person. What a door says is the message, or the code of its refusal."""

    def __init__(self, server: Server, token: str) -> None:
        self._server = server
        self._token = token
        self._lines: list[Line] = []
        self._session: ClientSession | None = None

    async def open(self) -> None:
        self._session = ClientSession(headers={"Authorization": f"Bearer {self._token}"})
        self._lines = [await Line.open(self._server.port, self._token) for _ in range(2)]
        for line in self._lines:
            await line.receive()

    async def close(self) -> None:
        for line in self._lines:
            line.cut()
        if self._session is not None:
            await self._session.close()

    async def send(self, key: str, content: str) -> list[Outcome]:
        """The same through all three at once."""
        fields = {"room": ROOM, "content": content, "client_id": key}
        return await asyncio.gather(
            *(self._by_socket(line, "sendMessage", fields) for line in self._lines), self._by_http(key, content)
        )

    async def asks(self, action: str, **fields: Any) -> Outcome:
        return await self._by_socket(self._lines[0], action, {"room": ROOM, **fields})

    async def _by_socket(self, line: Line, action: str, fields: dict[str, Any]) -> Outcome:
        line.send(action, ref=1, **fields)
        said = await line.receive()
        if said.error is not None:
            return said.error.code
        assert said.message is not None, said
        return said.message

    async def _by_http(self, key: str, content: str) -> Outcome:
        assert self._session is not None
        url = f"{self._server.url}/api/v1/rooms/{ROOM}/messages"
        async with self._session.post(url, json={"content": content}, headers={"Idempotency-Key": key}) as answer:
            body = await answer.json()
        return str(body["code"]) if answer.status >= 400 else msgspec.convert(body, Heard)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[tuple[Server, Doors, Doors]]:
    """A running server, and the doors of two people."""
    server = Server(tmp_path / "data", LIMITS="off")
    ada, grace, *_ = await populate(server.data, [ROOM])
    await server.start()
    both = Doors(server, ada), Doors(server, grace)
    for doors in both:
        await doors.open()
    yield server, *both
    for doors in both:
        await doors.close()
    await server.kill()


async def test_three_at_once_are_one_message_and_three_equal_answers(house: tuple[Server, Doors, Doors]) -> None:
    server, ada, _ = house
    first = [await ada.send(f"k{number}", f"words {number}") for number in range(SENDS)]
    expected = [Heard(n + 1, n + 1, "p0", f"words {n}", client_id=f"k{n}") for n in range(SENDS)]
    assert first == [[message] * 3 for message in expected]
    await ada.close()
    await server.kill()
    await server.start()
    await ada.open()
    assert [await ada.send(f"k{number}", f"words {number}") for number in range(SENDS)] == first
    assert await ada.send("new", "goes on") == [Heard(SENDS + 1, SENDS + 1, "p0", "goes on", client_id="new")] * 3
    print(f"retries: {SENDS} messages, each sent {6} times through three doors and over a kill: {SENDS} rows")


async def test_after_an_edit_and_after_a_deletion_it_is_still_that_message(house: tuple[Server, Doors, Doors]) -> None:
    _, ada, _ = house
    await ada.send("k", "hello")
    edited = await ada.asks("editMessage", index=1, content="bye")
    assert edited == Heard(1, 2, "p0", "bye", client_id="k")
    assert await ada.send("k", "hello") == [edited] * 3
    deleted = await ada.asks("deleteMessage", index=1)
    assert deleted == Heard(1, 3, "p0", deleted=True, client_id="k")
    assert await ada.send("k", "hello") == [deleted] * 3


async def test_other_words_are_a_conflict_and_another_author_another_message(
    house: tuple[Server, Doors, Doors],
) -> None:
    _, ada, grace = house
    await ada.send("k", "hello")
    assert await ada.send("k", "something else") == ["conflict"] * 3
    assert await grace.send("k", "something else") == [Heard(2, 2, "p1", "something else", client_id="k")] * 3
    assert await ada.send("k", "hello") == [Heard(1, 1, "p0", "hello", client_id="k")] * 3
