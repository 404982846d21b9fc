"""Several processes of one chat behind a balancer: each an application with a port, on one database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiohttp import ClientSession
from aiohttp.test_utils import TestClient, TestServer

from chatapp.app import create_app
from chatapp.domain.chat import Chat
from chatapp.domain.news import News
from chatapp.keys import CHAT
from chatapp.settings import Settings
from tests.faults.crowd import Crowd
from tests.faults.recorder import Address
from tests.support.cast import Actor
from tests.support.engine import settings_on
from tests.support.house import until


class Process:
    """One of them. In this very process: what it does can be looked at, and its bus be played with."""

    def __init__(self, chat: Chat, client: TestClient[Any, Any]) -> None:
        self.chat = chat
        self.client = client

    @property
    def news(self) -> News:
        return self.chat.memberships._news

    @property
    def bus(self) -> Any:
        return self.news._bus

    @property
    def port(self) -> int:
        port = self.client.port
        assert port is not None
        return port

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def as_seen_here(self, actor: Actor) -> Actor:
        """The same person, whose requests and sockets go to this process."""
        return Actor(self.chat, self.client, actor.person, actor.token)


class Balancer(Address):
    """Every connection goes to the next process."""

    def __init__(self, ports: Sequence[int], answered: asyncio.Event) -> None:
        self.ports = list(ports)
        self.answered = answered
        self._next = 0

    @property
    def port(self) -> int:  # type: ignore[override]
        self._next += 1
        return self.ports[self._next % len(self.ports)]


def balance(crowd: Crowd, ports: Sequence[int]) -> Balancer:
    """Have the crowd connect to all of them in turn."""
    balancer = Balancer(ports, crowd.address.answered)
    for client in (*crowd.writers, *crowd.listeners, crowd.away):
        client.address = balancer
    return balancer


def shared_settings(data: Path, url: str, **more: Any) -> Settings:
    data.mkdir(mode=0o700, exist_ok=True)
    return replace(settings_on(data), **{"database_url": url, "limits": False, "durability": "normal", **more})


@asynccontextmanager
async def processes(count: int, settings: Settings) -> AsyncIterator[list[Process]]:
    async with AsyncExitStack() as stack:
        found = []
        for _ in range(count):
            app = create_app(settings)
            client = await stack.enter_async_context(TestClient(TestServer(app, host="127.0.0.1")))
            found.append(Process(app[CHAT], client))
        yield found


async def know_the_same(processes: Sequence[Process]) -> None:
    """Wait until all of them have read every notice."""
    await until(lambda: len({process.news._last for process in processes}) == 1)


async def hear_each_other(processes: Sequence[Process]) -> None:
    """Wait until the bus of each has brought it word of the others: what is said from now on is heard."""
    await until(lambda: all(len(process.news.presence.others) == len(processes) - 1 for process in processes))


async def says_by_rest(session: ClientSession, process: Process, actor: Actor, content: str) -> dict[str, Any]:
    url = f"{process.url}/api/v1/rooms/general/messages"
    async with session.post(url, json={"content": content}, headers=actor.bearer) as answer:
        assert answer.status in {200, 201}, await answer.text()
        return await answer.json()  # type: ignore[no-any-return]
