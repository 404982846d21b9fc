"""The log without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from aiohttp import web

from chatapp.domain.chat import Chat
from chatapp.keys import GATEWAY
from tests.support.cast import Actor, Given
from tests.web.script import CHANGES, Script, indexes, problem


async def test_changes_come_by_version(ada_script: Script, ada: Actor, chat: Chat) -> None:
    await ada.says("one")
    await ada.says("two")
    await chat.messages.edit(ada.person, "general", 1, "changed")
    data = await ada_script.gets(f"{CHANGES}?after=1")
    assert [(m["index"], m["version"]) for m in data["messages"]] == [(2, 2), (1, 3)]
    assert (data["version"], data["epoch"], data["complete"]) == (3, chat.epoch, True)
    assert (await ada_script.gets(f"{CHANGES}?after=3"))["messages"] == []
    assert not (await ada_script.gets(f"{CHANGES}?after=99"))["complete"]
    assert not (await ada_script.gets(f"{CHANGES}?after=1&epoch=another"))["complete"]
    for query in ("", "?after=x", "?after=1&wait=31", "?after=1&wait=-1", "?after=1&after=2"):
        assert problem(await ada_script.calls("GET", CHANGES + query)) == (400, "bad_request")


@pytest.fixture
def somebody_waits(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set once a call has begun to wait for a change."""
    event, watching = asyncio.Event(), chat.hub.watching

    @contextmanager
    def noted(room_id: int, slug: str) -> Iterator[asyncio.Future[None]]:
        with watching(room_id, slug) as changed:
            event.set()
            yield changed

    monkeypatch.setattr(chat.hub, "watching", noted)
    return event


async def test_a_change_can_be_waited_for(ada_script: Script, grace: Actor, somebody_waits: asyncio.Event) -> None:
    async with asyncio.timeout(5):
        waiting = asyncio.create_task(ada_script.gets(f"{CHANGES}?after=0&wait=20"))
        await somebody_waits.wait()
        await grace.says("now")
        assert indexes(await waiting) == [1]


async def test_waiting_ends_with_the_session(
    ada_script: Script, ada: Actor, chat: Chat, somebody_waits: asyncio.Event
) -> None:
    async with asyncio.timeout(5):
        waiting = asyncio.create_task(ada_script.calls("GET", f"{CHANGES}?after=0&wait=20"))
        await somebody_waits.wait()
        for token in await chat.sign_in.tokens(ada.person):
            await chat.sign_in.revoke_token(ada.person, token.id)
        # At once: were it told with the next change only, it would tell of that change.
        assert problem(await waiting) == (401, "unauthenticated")


async def test_waiting_ends_when_the_server_stops(
    ada_script: Script, app: web.Application, somebody_waits: asyncio.Event
) -> None:
    async with asyncio.timeout(5):
        waiting = asyncio.create_task(ada_script.gets(f"{CHANGES}?after=0&wait=20"))
        await somebody_waits.wait()
        await app[GATEWAY].drain()
        assert indexes(await waiting) == []
        # Who comes back at once is asked not to: waiting would hold the stop up again.
        refused = await ada_script.calls("GET", f"{CHANGES}?after=0&wait=20")
        assert (problem(refused), refused.headers["Retry-After"]) == ((503, "unavailable"), "5")
        assert (await ada_script.gets(f"{CHANGES}?after=0"))["messages"] == []


async def test_waiting_ends_with_the_membership(
    grace_script: Script, ada: Actor, grace: Actor, given: Given, somebody_waits: asyncio.Event
) -> None:
    await given.room("Designers", owner=ada, members=[grace])
    async with asyncio.timeout(5):
        path = "/api/v1/rooms/designers/changes?after=0&wait=20"
        waiting = asyncio.create_task(grace_script.calls("GET", path))
        await somebody_waits.wait()
        await ada.removes(grace, from_="designers")
        assert problem(await waiting) == (404, "not_found")
