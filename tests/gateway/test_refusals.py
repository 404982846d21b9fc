"""What was refused on a socket stands in the log: who and why, never what was said; and not without end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import structlog

from chatapp.gateway.connection import MOST_NOTED
from chatapp.settings import Settings
from tests.support.cast import Actor, Given

SECRET = "words-of-mine"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limits=False)


@pytest.fixture
def entries() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as found:
        yield found


def refused(entries: list[Any]) -> list[tuple[str, str]]:
    return [(entry["person"], entry["code"]) for entry in entries if entry["event"] == "socket.refused"]


async def test_what_may_not_be_done_is_logged_with_who_tried(
    ada: Actor, grace: Actor, given: Given, entries: list[Any]
) -> None:
    await given.chat.rooms.create(ada.person, name="ops", kind="closed")
    socket = await grace.listens_to()
    assert not (await socket.asks("sendMessage", room="ops", content=SECRET))["ok"]
    assert not (await socket.asks("sendMessage", room="general", content=""))["ok"]
    assert not (await socket.asks("launch", room=SECRET))["ok"]
    assert refused(entries) == [("grace", "not_found"), ("grace", "invalid"), ("grace", "unknown_action")]
    assert SECRET not in str(entries)


async def test_the_small_door_logs_as_well(grace: Actor, ada: Actor, entries: list[Any]) -> None:
    ws = await grace.opens("/rooms/general/ws")
    await ws.send_json({"action": "launch"})
    assert (await ws.receive_json())["error"]["code"] == "unknown_action"
    assert refused(entries) == [("grace", "unknown_action")]


async def test_a_flood_of_bad_frames_fills_no_disk(ada: Actor, entries: list[Any]) -> None:
    socket = await ada.listens_to()
    for _ in range(MOST_NOTED + 50):
        assert not (await socket.asks("launch"))["ok"]
    assert len(refused(entries)) == MOST_NOTED
