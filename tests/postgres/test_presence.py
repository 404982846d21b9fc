"""Who is here is one truth, at whichever process they are connected, and whatever carries the news."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from chatapp.realtime import presence as board
from tests.faults.figures import children, sockets
from tests.postgres.several import Process, know_the_same, processes
from tests.support.cast import Actor, Given
from tests.support.house import until
from tests.support.rooms import outside_of_general
from tests.support.server import Server
from tests.support.watcher import At, lookout, watches
from tests.support.wire import RawSocket


@pytest.fixture(autouse=True)
def _is_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "EVERY_SECONDS", 0.1)
    monkeypatch.setattr(board, "GRACE_SECONDS", 0.5)


@pytest.fixture
def redis_url(either_redis_url: str) -> str:
    return either_redis_url


async def test_who_is_at_one_process_is_seen_from_the_other(ada: Actor, grace: Actor) -> None:
    watcher = await watches(ada)
    ear = await grace.connects()
    await watcher.sees(grace="online")
    await ear.asks("presence", active=False)
    await watcher.sees(grace="away")
    await ear.ws.close()
    await watcher.sees(grace="offline")


async def test_sockets_at_several_processes_are_one_person(ada: Actor, grace: Actor, both: list[Process]) -> None:
    watcher, far = await watches(ada), await watches(both[1].as_seen_here(ada))
    here = both[0].as_seen_here(grace)
    page, phone = await grace.connects(), await here.connects()
    await page.asks("presence", active=False)
    for each in (watcher, far):
        await each.sees(grace="online")
    await phone.asks("presence", active=False)
    for each in (watcher, far):
        await each.sees(grace="away")
    await page.ws.close()
    await phone.asks("presence", active=True)
    for each in (watcher, far):
        await each.sees(grace="online")
    await here.goes()
    for each in (watcher, far):
        await each.sees(grace="offline")
    await far.ear.ws.close()


async def test_who_comes_later_hears_of_those_at_the_other(ada: Actor, grace: Actor) -> None:
    await grace.connects()
    watcher = await watches(ada)
    await watcher.sees(grace="online")


async def test_a_process_that_has_just_begun_knows_who_is_here(
    ada: Actor, grace: Actor, both: list[Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    await grace.connects()
    await until(lambda: both[0].chat.presence._board.presence(grace.person.id) == "online")
    async with processes(1, both[0].chat.settings) as (third,):
        # Sooner than the beat of the others.
        await until(lambda: third.chat.presence._board.presence(grace.person.id) == "online")


async def test_the_people_of_a_process_that_is_gone_are_gone(
    ada: Actor, grace: Actor, both: list[Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    watcher = await watches(ada)
    await grace.connects()
    await watcher.sees(grace="online")
    monkeypatch.setattr(board, "BELIEVED_SECONDS", 2.0)
    # As long as it says so, it is so.
    for _ in range(5):
        await both[1].news.presence.beat()
        await asyncio.sleep(0)
        await both[0].news.presence.beat()
    assert watcher.shown["grace"] == "online"
    monkeypatch.setattr(both[1].bus, "publish", lambda _hint: None)
    both[1].news.presence.says_to(lambda _hint: None, "silent")
    await watcher.sees(grace="offline")


async def test_a_word_that_was_lost_is_said_again(ada: Actor, grace: Actor, both: list[Process]) -> None:
    watcher = await watches(ada)
    await know_the_same(both)
    say = both[1].bus.publish
    both[1].news.presence.says_to(lambda _hint: None, both[1].bus.source)
    await grace.connects()
    await until(lambda: both[1].chat.presence._board.presence(grace.person.id) == "online")
    both[1].news.presence.says_to(say, both[1].bus.source)
    await both[1].news.presence.beat()
    await watcher.sees(grace="online")


async def test_who_hides_is_hidden_everywhere(ada: Actor, grace: Actor, both: list[Process]) -> None:
    watcher, far = await watches(ada), await watches(both[1].as_seen_here(ada))
    ear = await grace.listens_to()
    for each in (watcher, far):
        await each.sees(grace="online")
    # Said at the process at which they are not.
    await both[0].chat.presence.set_hidden(grace.person, True)
    for each in (watcher, far):
        await each.sees(grace="offline")
    await know_the_same(both)
    await ear.asks("typing", room="general")
    await both[0].chat.presence.set_hidden(grace.person, False)
    for each in (watcher, far):
        await each.sees(grace="online")
    assert [frame for frame in (*watcher.ear._news, *far.ear._news) if frame["event"] == "typing"] == []
    await far.ear.ws.close()


async def test_who_is_taken_out_of_the_last_shared_room_is_not_seen_any_more(
    given: Given, ada: Actor, grace: Actor, both: list[Process]
) -> None:
    await outside_of_general(ada.chat, ada.person, grace.person)
    await given.room("Designers", owner=ada, members=[grace])
    watcher, ear = await watches(ada), await grace.connects()
    await watcher.sees(grace="online")
    await both[1].chat.memberships.remove(ada.person, "designers", "grace")
    await watcher.sees(grace="offline")
    await ear.asks("presence", active=False)
    await ear.ws.close()
    await both[0].chat.rooms.open_direct(ada.person, "grace")
    await watcher.sees(ada="online")
    assert watcher.shown.get("grace") != "away"


async def test_who_is_disabled_by_another_process_is_gone(ada: Actor, grace: Actor) -> None:
    watcher = await watches(ada)
    await grace.connects()
    await watcher.sees(grace="online")
    await ada.chat.accounts.set_disabled(ada.person, "grace", True)
    await watcher.sees(grace="offline")


async def test_nobody_hears_of_their_own_typing_at_another_process(
    ada: Actor, grace: Actor, both: list[Process]
) -> None:
    near, far = await grace.listens_to(), await both[0].as_seen_here(grace).listens_to()
    seen = await ada.listens_to()
    await near.asks("typing", room="general")
    assert (await seen.hears("typing"))["username"] == "grace"
    await near.asks("typing", room="general", active=False)
    assert (await seen.hears("typing"))["active"] is False
    # What came before it over the bus has been heard.
    await near.says("hello")
    for ear in (near, far):
        assert (await ear.frame())["event"] == "messages"
    await far.ws.close()


async def test_who_was_at_a_worker_that_is_killed_is_gone(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", LIMITS="off")
    server.workers = 2
    grace, ada = await server.add_person("grace"), await server.add_person("ada")
    await server.start()
    try:
        before = {pid: sockets(pid) for pid in children(server.pid)}
        raw = await RawSocket.opens(At(server.port), "/ws", f"Authorization: Bearer {grace}")
        (home,) = (pid for pid, count in before.items() if sockets(pid) > count)
        async with AsyncExitStack() as stack:
            # The kernel deals connections out by chance: some come to the other one.
            lookouts = []
            for _ in range(20):
                other = await RawSocket.opens(At(server.port), "/ws", f"Authorization: Bearer {ada}")
                stack.callback(other.hangs_up)
                lookouts.append(await stack.enter_async_context(lookout(other)))
            await until(lambda: all(shown.of("grace") == "online" for shown in lookouts))
            os.kill(home, signal.SIGKILL)
            bound = board.BELIEVED_SECONDS + 2 * board.BEAT_SECONDS
            await until(
                lambda: all(each.of("grace") == "offline" for each in lookouts if each.is_looking), seconds=bound
            )
            assert any(each.is_looking for each in lookouts)
        raw.hangs_up()
    finally:
        await server.kill()
