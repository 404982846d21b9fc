"""Whoever sends too much, on however many sockets: slowed down, then cut off; and nobody else."""

from __future__ import annotations

import asyncio
from typing import Final

import pytest

from chatapp.gateway.endpoint import INBOUND_AT_ONCE, INBOUND_PER_MINUTE
from tests.gateway.conftest import Knock, Opens
from tests.support.cast import Actor
from tests.support.time import SettableClock
from tests.support.wire import TEXT, RawSocket, upgrade

MOST: Final = 65_536
LARGE: Final = b'{"action":"ping","x":"%s"}' % (b"x" * (MOST - 24))


async def closed_with(raw: RawSocket, code: int) -> None:
    assert await raw.close_code() == code


async def test_too_many_messages_are_slowed_down_and_then_cut_off(opens: Opens, ada: Actor, grace: Actor) -> None:
    raw, other = await opens(ada), await grace.connects()
    for number in range(120):
        raw.says(action="sendMessage", room="general", content=f"{number}")
    answers = [(await raw.hears()).json for _ in range(120)]
    assert [answer["ok"] for answer in answers] == [True] * 20 + [False] * 100
    error = answers[-1]["error"]
    assert (error["code"], error["status"], error["retry_after"]) == ("rate_limited", 429, 1)
    assert await raw.is_alive()
    raw.says(action="sendMessage", room="general", content="one too many")
    await closed_with(raw, 4429)
    assert (await other.says("not me"))["index"] == 21


@pytest.mark.parametrize("path", ["/ws", "/rooms/general/ws"])
async def test_a_flood_of_bad_frames_is_cut_off_and_a_hundred_are_not(
    opens: Opens, ada: Actor, grace: Actor, path: str
) -> None:
    raw, other = await opens(ada, path), await grace.connects()
    for _ in range(100):
        raw.sends(TEXT, '{"action":"nope"}')
        assert (await raw.hears()).json["error"]["code"] == "unknown_action"
    raw.says(action="getRecentMessages", room="general")
    assert (await raw.hears()).json["messages"] == []
    raw.sends(TEXT, "{")
    await closed_with(raw, 4429)
    assert (await other.says("not me"))["index"] == 1


@pytest.mark.parametrize("path", ["/ws", "/rooms/general/ws"])
async def test_refusals_count_on_all_sockets_of_a_person_together_and_on_the_next_one(
    opens: Opens, knock: Knock, ada: Actor, grace: Actor, clock: SettableClock, path: str
) -> None:
    raws = [await opens(ada, path) for _ in range(4)]
    quiet = await opens(ada)
    for raw in raws:
        for _ in range(25):
            raw.sends(TEXT, "{")
            assert (await raw.hears()).json["error"]["code"] == "bad_json"
    raws[0].sends(TEXT, "{")
    await closed_with(raws[0], 4429)
    # Whoever is refused nothing stays; nobody comes before something may be refused again.
    assert await quiet.is_alive()
    answer = await knock(path, *upgrade(Authorization=f"Bearer {ada.token}"))
    assert (answer.status, answer.headers["retry-after"]) == (503, "1")
    assert await (await opens(grace)).is_alive()
    clock.passes(seconds=1)
    raw = await opens(ada, path)
    for _ in range(2):
        raw.sends(TEXT, "{")
    await closed_with(raw, 4429)


@pytest.mark.parametrize("path", ["/ws", "/rooms/general/ws"])
async def test_what_one_person_sends_on_all_sockets_is_read_at_a_pace(
    opens: Opens, ada: Actor, grace: Actor, path: str
) -> None:
    other = await grace.connects()
    began = asyncio.get_running_loop().time()
    raws = [await opens(ada, path) for _ in range(4)]
    frames = 3 * INBOUND_AT_ONCE // 2 // MOST
    for number in range(frames):
        raws[number % 4].sends(TEXT, LARGE)
    for number in range(frames):
        assert (await raws[number % 4].hears()).opcode == TEXT
    # The last may be taken on credit.
    beyond = (frames - 1) * MOST - INBOUND_AT_ONCE
    assert asyncio.get_running_loop().time() - began >= 60 * beyond / INBOUND_PER_MINUTE - 0.01
    assert (await other.says("not me"))["index"] == 1


@pytest.mark.parametrize("path", ["/ws", "/rooms/general/ws"])
async def test_what_one_person_asks_on_all_sockets_is_bounded(
    opens: Opens, ada: Actor, grace: Actor, path: str
) -> None:
    one, raw, other = await opens(ada), await opens(ada, path), await grace.connects()
    for number in range(2000):
        one.says(action="ping", ref=number)
    assert all([(await one.hears()).json["ok"] for _ in range(2000)])
    raw.says(action="getRecentMessages", room="general")
    error = (await raw.hears()).json["error"]
    assert (error["code"], error["retry_after"]) == ("rate_limited", 1)
    one.sends(TEXT, '{"action":"nope"}')
    assert (await one.hears()).json["error"]["code"] == "rate_limited"
    assert (await other.says("not me"))["index"] == 1
