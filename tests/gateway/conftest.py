"""Sockets by hand for tests of the gateway."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from tests.support.cast import Actor
from tests.support.wire import Answer, RawSocket, upgrade

Knock = Callable[..., Awaitable[Answer]]
Opens = Callable[..., Awaitable[RawSocket]]


@pytest.fixture
async def raws(client: TestClient[Any, Any]) -> AsyncIterator[list[RawSocket]]:
    """Connections made by hand; closed at the end."""
    made: list[RawSocket] = []
    yield made
    for raw in made:
        raw.hangs_up()


@pytest.fixture
def knock(client: TestClient[Any, Any], raws: list[RawSocket]) -> Knock:
    """Ask for an upgrade on a connection of its own."""

    async def ask(path: str = "/ws", *headers: str | bytes, line: str = "", host: str | None = None) -> Answer:
        raw = await RawSocket.connects(client)
        raws.append(raw)
        return await raw.asks(line or f"GET {path} HTTP/1.1", *(headers or upgrade()), host=host)

    return ask


@pytest.fixture
def opens(client: TestClient[Any, Any], raws: list[RawSocket]) -> Opens:
    """A socket by hand that was let in; at ``/ws`` it has been greeted."""

    async def open_one(actor: Actor, path: str = "/ws", **more: Any) -> RawSocket:
        raw = await RawSocket.opens(client, path, f"Authorization: Bearer {actor.token}", **more)
        raws.append(raw)
        if path == "/ws":
            assert (await raw.hears()).json["event"] == "hello"
        return raw

    return open_one
