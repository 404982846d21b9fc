"""Who reads slowly harms nobody else, misses nothing, and who does not read at all is dropped."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, Final

import pytest

from chatapp.core.events import RoomChanged
from chatapp.domain.chat import Chat
from chatapp.gateway.connection import Connection
from chatapp.settings import Settings
from tests.gateway.conftest import Opens
from tests.support.cast import Actor, Given
from tests.support.time import eventually
from tests.support.wire import CLOSE, TEXT, RawSocket

BACKLOG: Final = 16_384
SMALL: Final = 4096
FRAME: Final = 70_000
LONG: Final = "x" * 4000


@pytest.fixture
def patience() -> int:
    """Seconds until who takes nothing is dropped. Only where a test says so does it matter how soon one reads."""
    return 60


@pytest.fixture
def settings(settings: Settings, patience: int) -> Settings:
    return replace(settings, limits=False, backlog_bytes=BACKLOG, stalled_seconds=patience)


async def opens_slowly(opens: Opens, actor: Actor, path: str = "/ws") -> RawSocket:
    """A socket that hears the room, and whose kernel keeps next to nothing for it, on both sides."""
    raw = await opens(actor, path, receive_buffer=SMALL)
    if path != "/ws":
        # The small door says nothing of when one begins to hear.
        await eventually(lambda: any(is_listening(each) for each in sockets(actor.chat, actor)))
    if path == "/ws":
        raw.says(action="subscribe", room="general", ref=1)
        assert (await raw.hears()).json["ok"]
    return raw


def sockets(chat: Chat, actor: Actor) -> list[Connection]:
    return [each for each in chat.hub._people.get(actor.person.id, ()) if isinstance(each, Connection)]


def is_listening(socket: Connection) -> bool:
    """Whether it is told of something as it comes."""
    return any(ear.is_live for ear in socket.subscriptions.values())


def unsent(chat: Chat, actor: Actor) -> int:
    """Bytes that wait in this process for the sockets of that person."""
    return sum(each._transport.get_write_buffer_size() for each in sockets(chat, actor))


async def says_until_behind(chat: Chat, speaker: Actor, slow: Actor) -> int:
    """How many messages it took until the slow one's socket stopped being pushed to."""
    for number in range(1, 2000):
        await speaker.says(f"{number} {LONG}")
        if any(each._behind for each in sockets(chat, slow)):
            return number
    raise AssertionError


async def versions_up_to(raw: RawSocket, top: int) -> list[int]:
    """Of the messages it hears until that version has come."""
    found: list[int] = []
    while not found or found[-1] < top:
        heard = (await raw.hears()).json
        found += [message["version"] for message in heard.get("messages", ())]
    return found


async def test_a_slow_reader_gets_everything_once_and_in_order(
    opens: Opens, chat: Chat, ada: Actor, grace: Actor
) -> None:
    slow, quick = await opens_slowly(opens, grace), await ada.listens_to()
    behind_at = await says_until_behind(chat, ada, grace)
    for number in range(150):
        # One after the other: a heap at once would be too much for the quick one too.
        await ada.says(f"{number} {LONG}")
    await ada.chat.messages.edit(ada.person, "general", behind_at + 1, "edited")
    top = behind_at + 151
    # The others had everything long ago.
    assert [m["version"] for m in await quick.hears_messages(top)] == list(range(1, top + 1))
    heard = await versions_up_to(slow, top)
    # The edited message comes once, as it is now: its first version is part of the last.
    assert heard == [version for version in range(1, top + 1) if version != behind_at + 1]
    await ada.says("and live again")
    assert await versions_up_to(slow, top + 1) == [top + 1]


async def test_what_waits_for_a_slow_reader_is_bounded(opens: Opens, chat: Chat, ada: Actor, grace: Actor) -> None:
    await opens_slowly(opens, grace)
    await says_until_behind(chat, ada, grace)
    await asyncio.gather(*(ada.says(f"{number} {LONG}") for number in range(100)))
    assert unsent(chat, grace) < 4 * BACKLOG


async def test_never_does_more_wait_than_four_times_the_bound(
    opens: Opens, chat: Chat, ada: Actor, grace: Actor
) -> None:
    """Not when a heap of long messages comes in one turn, nor while they are made up for."""
    raw = await opens_slowly(opens, grace)
    most, fell_behind = 0, False

    async def watches() -> None:
        nonlocal most, fell_behind
        while True:
            most = max(most, unsent(chat, grace))
            fell_behind |= any(each._behind for each in sockets(chat, grace))
            await asyncio.sleep(0)

    watching = asyncio.create_task(watches())
    await asyncio.gather(*(ada.says(f"{number} {LONG}") for number in range(200)))
    assert await versions_up_to(raw, 200) == list(range(1, 201))
    watching.cancel()
    assert fell_behind
    # Catching up writes a frame when a quarter of the bound is left, of which the kernel may take all.
    assert most < 4 * BACKLOG + FRAME


async def test_who_asks_and_asks_without_reading_is_not_listened_to(
    opens: Opens, chat: Chat, ada: Actor, grace: Actor
) -> None:
    await asyncio.gather(*(ada.says(LONG) for _ in range(10)))
    raw = await opens(grace, receive_buffer=SMALL)
    for number in range(60):
        raw.says(action="getRecentMessages", room="general", ref=number)
    await eventually(lambda: unsent(chat, grace) > BACKLOG)
    assert unsent(chat, grace) < BACKLOG + 60_000
    assert (await ada.connects()).hello["protocol"] == 1
    # Each question is answered once the answers are read.
    assert [(await raw.hears()).json["ref"] for _ in range(60)] == list(range(60))


@pytest.mark.parametrize("patience", [1])
async def test_who_does_not_read_at_all_is_dropped_and_costs_nothing(
    opens: Opens, chat: Chat, ada: Actor, grace: Actor
) -> None:
    raw = await opens_slowly(opens, grace)
    other = await opens(grace)
    await says_until_behind(chat, ada, grace)
    await eventually(lambda: len(sockets(chat, grace)) == 1)
    assert unsent(chat, grace) == 0
    assert await other.is_alive()
    assert await raw.close_code() is None
    assert chat.hub._rooms == {}


@pytest.mark.parametrize("patience", [1])
async def test_who_asks_and_never_reads_is_dropped(opens: Opens, chat: Chat, ada: Actor, grace: Actor) -> None:
    await asyncio.gather(*(ada.says(LONG) for _ in range(10)))
    raw = await opens(grace, receive_buffer=SMALL)
    for number in range(100):
        raw.says(action="getRecentMessages", room="general", ref=number)
    await eventually(lambda: not sockets(chat, grace) or unsent(chat, grace) > BACKLOG)
    await eventually(lambda: not sockets(chat, grace))


@pytest.mark.parametrize("patience", [1])
async def test_slowly_is_not_not_at_all(opens: Opens, chat: Chat, ada: Actor, grace: Actor) -> None:
    raw = await opens_slowly(opens, grace)
    top = await says_until_behind(chat, ada, grace)
    began = asyncio.get_running_loop().time()
    heard: list[int] = []
    while not heard or heard[-1] < top:
        heard += [message["version"] for message in (await raw.hears()).json["messages"]]
        if asyncio.get_running_loop().time() - began < 1.5:
            # A little at a time, for longer than a stalled socket would be kept.
            await asyncio.sleep(0.1)
    assert heard == list(range(1, top + 1))


async def test_a_session_that_ends_while_behind_ends_quietly(
    opens: Opens, chat: Chat, ada: Actor, grace: Actor, capsys: pytest.CaptureFixture[str]
) -> None:
    raw = await opens_slowly(opens, grace)
    await says_until_behind(chat, ada, grace)
    (socket,) = sockets(chat, grace)
    await chat.accounts.set_disabled(ada.person, "grace", True)
    while (await raw.hears()).opcode != CLOSE:
        assert socket.is_ended
    await eventually(lambda: socket._catching_up is None)
    assert "catch_up_failed" not in capsys.readouterr().out


async def test_a_membership_that_ends_while_behind_ends_the_catching_up(
    opens: Opens, given: Given, chat: Chat, ada: Actor, grace: Actor
) -> None:
    await given.room("Designers", owner=ada, members=[grace])
    raw = await opens_slowly(opens, grace)
    raw.says(action="subscribe", room="designers", ref=2)
    assert (await raw.hears()).json["ok"]
    await says_until_behind(chat, ada, grace)
    await asyncio.gather(*(ada.says(f"secret {number} {LONG}", in_="designers") for number in range(20)))
    await ada.removes(grace, from_="designers")
    events: list[dict[str, Any]] = []
    while not events or events[-1]["event"] != "roomRemoved":
        events.append((await raw.hears()).json)
    await ada.says("really secret", in_="designers")
    await ada.says("last")
    while (events[-1].get("messages") or [{}])[-1].get("content") != "last":
        events.append((await raw.hears()).json)
    after = events[[event["event"] for event in events].index("roomRemoved") :]
    assert {event["room"] for event in after[1:]} == {"general"}


async def test_a_slow_reader_at_the_small_door_gets_every_post_as_well(
    opens: Opens, chat: Chat, ada: Actor, grace: Actor
) -> None:
    raw = await opens_slowly(opens, grace, "/rooms/general/ws")
    behind_at = await says_until_behind(chat, ada, grace)
    await asyncio.gather(*(ada.says(f"{number} {LONG}") for number in range(80)))
    await ada.chat.messages.edit(ada.person, "general", behind_at + 2, "edited")
    heard: list[int] = []
    while len(heard) < behind_at + 80:
        heard += [message["index"] for message in (await raw.hears()).json["messages"]]
    assert heard == list(range(1, behind_at + 81))
    await ada.says("and live again")
    assert (await raw.hears()).json["messages"][0]["content"] == "and live again"


async def test_news_of_a_person_waits_a_little_past_the_bound_and_no_longer(
    opens: Opens, chat: Chat, ada: Actor, grace: Actor
) -> None:
    """They cannot be asked for again, so they are not dropped; who takes none of them is."""
    await opens_slowly(opens, grace)
    await says_until_behind(chat, ada, grace)
    for number in range(200):
        await chat.memberships.mark_read(grace.person, "general", number)
        chat.hub.tell([grace.person.id], RoomChanged("general", "general", "x" * 250, "open"))
        assert unsent(chat, grace) < 4 * BACKLOG
    assert sockets(chat, grace) == []


async def test_frames_stay_whole_however_slowly_they_are_read(
    opens: Opens, chat: Chat, ada: Actor, grace: Actor
) -> None:
    raw = await opens_slowly(opens, grace)
    top = await says_until_behind(chat, ada, grace)
    seen = 0
    while seen < top:
        found = await raw.hears()
        assert found.opcode in {TEXT, CLOSE}
        seen += len(found.json["messages"])
