"""A server that stops sends everybody away in words, and they are asked not to come back all at once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import web

from chatapp.gateway import endpoint, protocol
from chatapp.keys import GATEWAY
from tests.gateway.conftest import Opens
from tests.support.cast import Actor
from tests.support.time import eventually


async def test_a_server_that_stops_says_so_and_closes_with_1012(
    app: web.Application, ada: Actor, grace: Actor, opens: Opens
) -> None:
    ears = [await actor.listens_to() for actor in (ada, grace) for _ in range(5)]
    room = await opens(ada, "/rooms/general/ws")
    drained = asyncio.create_task(app[GATEWAY].drain())
    for ear in ears:
        draining = await ear.frame()
        assert draining["event"] == "draining"
        assert draining["retry_after"] == 5
        assert await ear.close_code() == 1012
    assert await room.close_code() == 1012
    async with asyncio.timeout(2):
        await drained


async def test_the_more_are_sent_away_the_longer_they_are_asked_to_wait(
    app: web.Application, grace: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "RETURNS_PER_SECOND", 2)
    ears = [await grace.listens_to() for _ in range(11)]
    drained = asyncio.create_task(app[GATEWAY].drain())
    assert [(await ear.frame())["retry_after"] for ear in ears] == [6] * 11
    await drained


async def test_each_socket_knows_over_how_long_so_many_should_come_back(
    ada: Actor, grace: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is killed can say nothing any more."""
    monkeypatch.setattr(protocol, "RETURNS_PER_SECOND", 2)
    ears = [await actor.connects() for actor in (ada, grace) for _ in range(3)]
    assert [ear.hello["spread"] for ear in ears] == [1, 1, 2, 2, 3, 3]
    assert (await ears[0].asks("ping"))["spread"] == 3
    for ear in ears[-2:]:
        await ear.ws.close()
    await eventually(lambda: len(ada.chat.hub) == 4)
    assert (await ears[0].asks("ping"))["spread"] == 2


async def test_what_was_answered_before_the_stop_is_stored(app: web.Application, ada: Actor) -> None:
    ear = await ada.connects()
    for number in range(10):
        await ear.ws.send_json({"action": "sendMessage", "room": "general", "content": f"{number}"})
    answers = [await ear.frame() for _ in range(3)]
    drained = asyncio.create_task(app[GATEWAY].drain())
    while (message := await ear.ws.receive()).type.name == "TEXT":
        answers.append(message.json())
    await drained
    indexes = [answer["message"]["index"] for answer in answers if answer.get("ok")]
    assert indexes == list(range(1, len(indexes) + 1))
    stored = (await ada.chat.messages.recent(ada.person, "general", 50)).messages
    assert len(stored) >= len(indexes)


async def test_who_does_not_say_goodbye_does_not_hold_the_stop(
    app: web.Application, ada: Actor, opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(endpoint, "DRAIN_SECONDS", 0.2)
    await opens(ada)
    async with asyncio.timeout(3):
        await app[GATEWAY].drain()


async def test_a_handshake_that_was_under_way_is_closed_as_well(
    app: web.Application, ada: Actor, opens: Opens, monkeypatch: pytest.MonkeyPatch
) -> None:
    room_for = ada.chat.access.room_for

    async def meanwhile_stopping(*arguments: Any) -> Any:
        room = await room_for(*arguments)
        ada.chat.hub.is_draining = True
        return room

    monkeypatch.setattr(ada.chat.access, "room_for", meanwhile_stopping)
    raw = await opens(ada, "/rooms/general/ws")
    assert await raw.close_code() == 1012
