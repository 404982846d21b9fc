"""A server killed in the middle of writing: what was answered is there, once, and the count has no hole."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import ClientError, ClientSession, ClientWebSocketResponse, WSMsgType

from tests.support.server import PASSWORD, Server

ROUNDS: Final = 3
WRITERS: Final = 6
ANSWERS: Final = 150
NAMES: Final = ("ada", "grace")


class Writer:
    """Says one thing after the other, as fast as answers come, and remembers what was promised."""

    def __init__(self, number: int, token: str) -> None:
        self.number = number
        self.answered: dict[str, dict[str, Any]] = {}
        self.unanswered = ""
        self.dead = asyncio.Event()
        self._count = 0
        self._token = token

    async def writes(self, url: str) -> None:
        """Until the server is gone. What had no answer then is sent again first, under its old key."""
        self.dead.clear()
        try:
            async with ClientSession() as session, session.ws_connect(f"{url}/ws?token={self._token}") as ws:
                await ws.receive_json()
                while True:
                    await self._says(ws)
        except (ClientError, ConnectionError, TypeError):
            self.dead.set()

    async def _says(self, ws: ClientWebSocketResponse) -> None:
        if not self.unanswered:
            self._count += 1
            self.unanswered = f"{self.number}-{self._count}"
        frame = {"action": "sendMessage", "room": "general", "content": f"words of {self.unanswered}"}
        await ws.send_json({**frame, "client_id": self.unanswered, "ref": self.unanswered})
        while True:
            message = await ws.receive()
            if message.type is not WSMsgType.TEXT:
                raise ConnectionError
            answer = json.loads(message.data)
            if answer.get("ref") == self.unanswered:
                assert answer["ok"], answer
                self.answered[self.unanswered] = answer["message"]
                self.unanswered = ""
                return


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    made = Server(tmp_path / "data", LIMITS="off")
    yield made
    await made.kill()


def stored(data: Path) -> list[tuple[int, str, str]]:
    """Index, key and content of every message in the file."""
    connection = sqlite3.connect(data / "chatapp.db")
    try:
        return connection.execute('SELECT "index", client_id, content FROM messages ORDER BY "index"').fetchall()
    finally:
        connection.close()


def check(found: list[tuple[int, str, str]], writers: list[Writer]) -> None:
    assert [index for index, _, _ in found] == list(range(1, len(found) + 1))
    keys = [key for _, key, _ in found]
    assert len(set(keys)) == len(keys)
    by_key = {key: (index, content) for index, key, content in found}
    promised = {key: message for writer in writers for key, message in writer.answered.items()}
    assert {key: by_key.get(key) for key in promised} == {
        key: (message["index"], message["content"]) for key, message in promised.items()
    }
    # Beyond what was promised, at most what was on its way.
    assert set(keys) - promised.keys() <= {writer.unanswered for writer in writers}


async def test_what_was_answered_survives_a_kill(server: Server) -> None:
    tokens = [await server.add_person(name) for name in NAMES]
    writers = [Writer(number, tokens[number % len(tokens)]) for number in range(WRITERS)]
    for turn in range(1, ROUNDS + 1):
        await server.start()
        writing = [asyncio.create_task(writer.writes(server.url)) for writer in writers]
        async with asyncio.timeout(15):
            while sum(len(writer.answered) for writer in writers) < turn * ANSWERS:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
        await server.kill()
        await asyncio.gather(*writing)
        assert all(writer.dead.is_set() for writer in writers)
        check(stored(server.data), writers)
    nothing_secret_was_said(server, tokens)


def nothing_secret_was_said(server: Server, secrets: list[str]) -> None:
    """Not in the greeting, not in the log of thousands of requests."""
    said = "\n".join(server.output)
    assert "running on" in said
    for secret in (*secrets, PASSWORD):
        assert secret not in said
