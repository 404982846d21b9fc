"""Clients that hang up in the middle, at any byte: whoever asks afterwards gets his own answer, and nothing is left."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
from collections import Counter
from dataclasses import replace
from typing import Any, Final

import pytest
import structlog
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestClient

from chatapp.keys import GATEWAY
from chatapp.settings import Settings
from tests.support.cast import Actor, Given
from tests.support.house import until
from tests.support.rounds import rounds
from tests.support.wire import TEXT, frame, upgrade

TIMES: Final = rounds(1000, 5000)
AT_ONCE: Final = 30
SECONDS: Final = 30.0
Client = TestClient[Any, Any]


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limits=False, sockets_per_address=1000, sockets_per_person=1000)


class Asker:
    """One person on one connection for requests and one socket: every answer must be hers."""

    def __init__(self, client: Client, actor: Actor) -> None:
        self._url = str(client.make_url("/api/v1"))
        self._actor = actor
        self.answers = 0
        # What the last of them took.
        self.seconds = 0.0

    async def asks(self, until_set: asyncio.Event, least: int) -> None:
        ear = await self._actor.connects()
        async with ClientSession(headers=self._actor.bearer) as session:
            while not until_set.is_set() or self.answers < least:
                self.answers += 1
                words, began = f"{self._actor.username} asked {self.answers}", asyncio.get_running_loop().time()
                async with session.get(f"{self._url}/me") as me:
                    assert (await me.json())["username"] == self._actor.username
                async with session.post(f"{self._url}/rooms/general/messages", json={"content": words}) as said:
                    answer = await said.json()
                assert (answer["username"], answer["content"]) == (self._actor.username, words)
                assert (await ear.says(f"{words} again"))["content"] == f"{words} again"
                self.seconds = asyncio.get_running_loop().time() - began


def request(host: str, actor: Actor, kind: str, number: int) -> bytes:
    """The bytes of a request, or of a handshake and what is said after it."""
    words = json.dumps({"content": f"{actor.username} cut {number}"}).encode()
    head = [f"Host: {host}", f"Authorization: Bearer {actor.token}"]
    if kind == "socket":
        says = {"action": "sendMessage", "room": "general", "content": f"{actor.username} cut {number}"}
        lines = ["GET /ws HTTP/1.1", *head, *upgrade(), "", ""]
        frames = [{"action": "subscribe", "room": "general"}, says, {"action": "ping"}]
        return "\r\n".join(lines).encode() + b"".join(frame(TEXT, json.dumps(each).encode()) for each in frames)
    if kind == "post":
        head += ["Content-Type: application/json", f"Content-Length: {len(words)}"]
        return "\r\n".join(["POST /api/v1/rooms/general/messages HTTP/1.1", *head, "", ""]).encode() + words
    line = {"waits": "/api/v1/rooms/general/changes?after=9999&wait=20", "reads": "/api/v1/me"}[kind]
    return "\r\n".join([f"GET {line} HTTP/1.1", *head, "", ""]).encode()


async def hangs_up(client: Client, raw: bytes, chance: random.Random, patience: float) -> None:
    """Somewhere: before the end of what it says, while that is at work, or in the middle of the answer."""
    reader, writer = await asyncio.open_connection(client.host, client.port)
    with contextlib.suppress(ConnectionError, TimeoutError):
        writer.write(raw[: chance.choice((len(raw), chance.randrange(len(raw))))])
        await writer.drain()
        async with asyncio.timeout(chance.uniform(0, patience)):
            await reader.readexactly(chance.randrange(1, 400))
    (writer.transport.abort if chance.random() < 0.5 else writer.close)()


@pytest.mark.timeout(180 + TIMES // 10)
@pytest.mark.parametrize("is_cancelled", [False, True], ids=["goes on", "is cancelled"])
async def test_who_hangs_up_anywhere_costs_nobody_else_his_answer_and_leaves_nothing(
    app: web.Application, client: Client, given: Given, ada: Actor, grace: Actor, *, is_cancelled: bool
) -> None:
    """Whether what was asked goes on without who asked it, as in the server that people run, or is cancelled."""
    assert client.server.runner
    assert client.server.runner.server
    client.server.runner.server.handler_cancellation = is_cancelled
    chance, over = random.Random(30), asyncio.Event()
    quitters = [await given.person(f"quitter-{number}") for number in range(3)]
    askers = [Asker(client, actor) for actor in (ada, grace)]
    tasks = len(asyncio.all_tasks())
    turns = iter(range(TIMES))

    async def one_after_the_other() -> None:
        for number in turns:
            kind = ("socket", "post", "waits", "reads")[number % 4]
            raw = request(f"{client.host}:{client.port}", quitters[number % 3], kind, number)
            # As long as others wait for an answer, whatever engine and machine it is.
            await hangs_up(client, raw, chance, max(0.03, *(asker.seconds for asker in askers)))

    with structlog.testing.capture_logs() as lines:
        asking = [asyncio.create_task(asker.asks(over, 20)) for asker in askers]
        # Whose first answers say how long one takes here; before that everybody would hang up too soon.
        await until(lambda: all(asker.seconds for asker in askers), seconds=SECONDS)
        await asyncio.gather(*(one_after_the_other() for _ in range(AT_ONCE)))
        over.set()
        await asyncio.gather(*asking)
        for actor in given.actors:
            await actor.goes()
        await nothing_is_left(app, tasks)
    assert [line for line in lines if line["log_level"] in {"error", "critical"}] == []
    said = Counter((message.username, message.content) for message in (await everything(ada)))
    assert set(said.values()) == {1}
    assert [each for each in said if each[1].split()[0] != each[0]] == []
    cut = sum("cut" in content for _, content in said)
    answers = sum(asker.answers for asker in askers) * 3
    print(f"hung up {TIMES} times, {cut} of their messages were stored, {answers} answers to others, each its asker's")
    assert cut > 10


async def nothing_is_left(app: web.Application, tasks: int) -> None:
    gateway = app[GATEWAY]
    hub, limits = gateway._chat.hub, gateway._chat.limits
    tables = [hub._people, hub._rooms, hub._unflushed, limits.sockets.here, limits.sockets_from.here, gateway._open]
    await until(lambda: not any(tables), seconds=SECONDS)
    await until(lambda: len(asyncio.all_tasks()) <= tasks, seconds=SECONDS)


async def everything(actor: Actor) -> list[Any]:
    return list((await actor.chat.messages.after(actor.person, "general", 0, 100_000)).messages)
