"""What is said in one process is heard in every other; what ends in one, ends in all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import sqlalchemy as sa
from aiohttp import ClientSession

from chatapp.core.events import Close
from chatapp.domain import housekeeping
from chatapp.realtime import sequencer
from chatapp.storage.tables import notices
from tests.postgres.several import Process, hear_each_other, know_the_same, says_by_rest
from tests.support.cast import Actor, Ear, Given
from tests.support.house import until
from tests.support.rounds import rounds

SECONDS = 2.0
READS = rounds(100, 1000)


@pytest.fixture
async def is_deaf(both: list[Process], monkeypatch: pytest.MonkeyPatch) -> None:
    """The bus carries nothing: what is heard was looked for."""
    for process in both:
        monkeypatch.setattr(process.bus, "publish", lambda _hint: None)


# A room


async def test_what_is_said_in_one_is_heard_in_the_other(
    ada: Actor, grace: Actor, both: list[Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the bus is: what it carries is enough, and the log need not be read.
    monkeypatch.setattr(sequencer, "GRACE_SECONDS", 60.0)
    await hear_each_other(both)
    near, far = await ada.listens_to(), await grace.listens_to()
    for n in range(20):
        await (ada, grace)[n % 2].says(f"{n}")
    heard = [[frame["content"] for frame in await ear.hears_messages(20)] for ear in (near, far)]
    assert heard == [[f"{n}" for n in range(20)]] * 2
    assert [process.news.sequencer.reads for process in both] == [0, 0]


async def test_edits_and_deletions_too(ada: Actor, grace: Actor) -> None:
    far = await grace.listens_to()
    said = await ada.says("helo")
    await ada.chat.messages.edit(ada.person, "general", said.index, "hello")
    await ada.chat.messages.delete(ada.person, "general", said.index)
    heard = await far.hears_messages(3)
    assert [frame["version"] for frame in heard] == [1, 2, 3]
    assert [frame.get("content", "") for frame in heard] == ["helo", "hello", ""]


async def test_what_is_too_long_for_a_hint_is_heard_as_well(ada: Actor, grace: Actor) -> None:
    far = await grace.listens_to()
    said = await ada.says("ж" * 8000)
    await ada.says("short")
    heard = await far.hears_messages(2)
    assert [frame["content"] for frame in heard] == [said.content, "short"]


async def test_what_was_answered_by_one_is_read_from_the_other_at_once(
    ada: Actor, grace: Actor, both: list[Process], is_deaf: None
) -> None:
    async with ClientSession() as session:
        for n in range(READS):
            writer, reader = both if n % 2 else reversed(both)
            said = await says_by_rest(session, writer, ada, f"{n}")
            url = f"{reader.url}/api/v1/rooms/general"
            async with session.get(f"{url}/messages?limit=3", headers=grace.bearer) as answer:
                assert (await answer.json())["messages"][-1]["content"] == f"{n}"
            async with session.get(f"{url}/changes?after={said['version'] - 1}", headers=grace.bearer) as answer:
                changes = await answer.json()
            assert ([frame["content"] for frame in changes["messages"]], changes["complete"]) == ([f"{n}"], True)


async def test_the_same_key_at_both_at_once_is_one_message(ada: Actor, both: list[Process]) -> None:
    other = both[1].as_seen_here(ada)
    for n in range(rounds(10, 200)):
        said = await asyncio.gather(*(each.says("hello", client_id=f"{n}") for each in (ada, other)))
        assert said[0] == said[1]
        assert said[0].index == n + 1


async def test_who_is_typing_is_seen_from_the_other(ada: Actor, grace: Actor) -> None:
    far = await grace.listens_to()
    await ada.chat.messages.note_typing(ada.person, "general", is_active=True)
    assert (await far.hears("typing"))["username"] == "ada"


async def test_what_was_read_in_one_is_read_in_the_other(ada: Actor, grace: Actor) -> None:
    await ada.says("hello")
    far = await grace.connects()
    await ada.chat.memberships.mark_read(grace.person, "general", 1)
    assert (await far.hears("read"))["unread"] == 0
    await ada.chat.memberships.mark_unread(grace.person, "general", 1)
    assert await far.hears("read") == {"event": "read", "room": "general", "index": 0, "unread": 1, "turn": 1}
    await ada.chat.memberships.set_level(grace.person, "general", "nothing")
    assert (await far.hears("levelChanged"))["level"] == "nothing"


async def test_who_waits_for_a_change_is_woken_by_the_other(ada: Actor, grace: Actor) -> None:
    waiting = asyncio.create_task(grace.chat.messages.wait_for_change(grace.person, "general", 0, 30))
    await until(lambda: bool(grace.chat.hub.heard_rooms()))
    began = time.monotonic()
    await ada.says("hello")
    await waiting
    assert time.monotonic() - began < 20


# What ends, and whom it concerns


async def _kicked(ada: Actor, grace: Actor, ear: Ear) -> None:
    await ada.removes(grace, from_="designers")
    assert (await ear.hears("roomRemoved"))["room"] == "designers"
    assert not (await ear.asks("sendMessage", room="designers", content="still here"))["ok"]


async def _disabled(ada: Actor, grace: Actor, ear: Ear) -> None:
    await ada.chat.accounts.set_disabled(ada.person, "grace", True)
    assert await ear.close_code() == Close.SESSION_ENDED


async def _revoked(ada: Actor, grace: Actor, ear: Ear) -> None:
    (token,) = await ada.chat.sign_in.tokens(grace.person)
    await ada.chat.sign_in.revoke_token(grace.person, token.id)
    assert await ear.close_code() == Close.SESSION_ENDED


async def _renamed(ada: Actor, grace: Actor, ear: Ear) -> None:
    await ada.chat.accounts.update_profile(ada.person, display_name="Ada the Second", time_zone="")
    assert (await ear.hears("userChanged"))["display_name"] == "Ada the Second"
    history = await grace.chat.messages.recent(grace.person, "designers")
    assert history.messages[-1].display_name == "Ada the Second"


async def _new_room(ada: Actor, grace: Actor, ear: Ear) -> None:
    await ada.chat.rooms.open_direct(ada.person, "grace")
    assert (await ear.hears("roomAdded"))["kind"] == "direct"


async def _changed_room(ada: Actor, grace: Actor, ear: Ear) -> None:
    await ada.chat.rooms.update(ada.person, "designers", topic="Shapes")
    assert (await ear.hears("roomChanged"))["topic"] == "Shapes"


EVENTS: list[Callable[[Actor, Actor, Ear], Awaitable[None]]] = [
    *(_kicked, _disabled, _revoked, _renamed, _new_room, _changed_room)
]


@pytest.mark.parametrize("happens", EVENTS, ids=lambda happens: happens.__name__[1:])
async def test_what_one_process_does_is_felt_in_the_other(
    given: Given,
    ada: Actor,
    grace: Actor,
    both: list[Process],
    happens: Callable[[Actor, Actor, Ear], Awaitable[None]],
) -> None:
    ear = await _in_the_designers(given, ada, grace, both)
    began = time.monotonic()
    await happens(ada, grace, ear)
    print(f"{happens.__name__}: {1000 * (time.monotonic() - began):.1f} ms")


@pytest.mark.parametrize("happens", EVENTS, ids=lambda happens: happens.__name__[1:])
async def test_also_when_the_bus_carries_nothing(
    given: Given,
    ada: Actor,
    grace: Actor,
    both: list[Process],
    is_deaf: None,
    happens: Callable[[Actor, Actor, Ear], Awaitable[None]],
) -> None:
    ear = await _in_the_designers(given, ada, grace, both)
    async with asyncio.timeout(10 * SECONDS):
        await happens(ada, grace, ear)


async def _in_the_designers(given: Given, ada: Actor, grace: Actor, both: list[Process]) -> Ear:
    await given.room("designers", owner=ada, members=[grace])
    await know_the_same(both)
    await ada.says("hello", in_="designers")
    ear = await grace.listens_to("designers")
    # In memory there, with the names of now.
    await grace.chat.messages.recent(grace.person, "designers")
    return ear


async def test_a_logout_ends_the_sockets_of_that_session_in_the_other(ada: Actor, grace: Actor) -> None:
    cookie = await grace.signs_in()
    ear, other = await grace.connects(cookie=cookie), await grace.connects()
    identity = next(each.identity for each in grace.chat.hub._listeners() if each.identity.session_digest)
    await ada.chat.sign_in.log_out(identity)
    assert await ear.close_code() == Close.SESSION_ENDED
    assert (await other.asks("ping"))["ok"]


async def test_removed_and_let_in_again_is_heard_in_that_order(
    given: Given, ada: Actor, grace: Actor, both: list[Process], is_deaf: None
) -> None:
    await given.room("designers", owner=ada, members=[grace])
    await know_the_same(both)
    ear, near = await grace.connects(), await both[0].as_seen_here(grace).connects()
    for _ in range(rounds(5, 50)):
        await ada.removes(grace, from_="designers")
        # By the other, which does not know of the removal yet.
        await both[1].chat.memberships.add(ada.person, "designers", "grace")
    wanted = ["roomRemoved", "roomAdded"] * rounds(5, 50)
    for each in (ear, near):
        assert [(await each.frame())["event"] for _ in wanted] == wanted
    await near.ws.close()


# Notices as rows


async def test_who_has_missed_notices_that_are_gone_has_everybody_come_back(
    ada: Actor, grace: Actor, both: list[Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    ear = await grace.connects()
    with monkeypatch.context() as patch:
        patch.setattr(both[1].news, "_take", lambda _found: None)
        await ada.chat.rooms.create(ada.person, name="one", kind="open")
        await ada.chat.rooms.create(ada.person, name="two", kind="open")
        patch.setattr(housekeeping, "NOTICES_MS", -1)
        await ada.chat.housekeeping.tidy()
    assert await ear.close_code() == Close.RESTART
    # Once: the next that come stay.
    again = await grace.connects()
    await ada.chat.rooms.open_direct(ada.person, "grace")
    assert (await again.hears("roomAdded"))["kind"] == "direct"


async def test_those_of_an_hour_ago_are_dropped_unnoticed(ada: Actor, grace: Actor, both: list[Process]) -> None:
    ear = await grace.connects()
    for name in ("one", "two", "three"):
        await ada.chat.rooms.create(ada.person, name=name, kind="open")
    database: Any = ada.chat.access._database
    async with database.transaction() as tx:
        await tx.execute(sa.update(notices).values(at=0))
    await until(lambda: both[0].news._last == both[1].news._last)
    await ada.chat.housekeeping.tidy()
    assert len(await database.all(sa.select(notices.c.id))) == 1
    await ada.chat.rooms.open_direct(ada.person, "grace")
    assert (await ear.hears("roomAdded"))["kind"] == "direct"


async def test_a_notice_of_a_later_version_has_everybody_come_back(ada: Actor, grace: Actor) -> None:
    ear = await grace.connects()
    database: Any = ada.chat.access._database
    async with database.transaction() as tx:
        await tx.execute(sa.insert(notices).values(at=tx.at, payload='{"notice":"fromTheFuture"}'))
    assert await ear.close_code() == Close.RESTART
