"""Time may lie: order comes from the log, waiting ends, and nobody stays in for longer."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from chatapp.core.errors import RateLimited
from chatapp.settings import Settings
from tests.support.cast import PASSWORD, Actor
from tests.support.time import SettableClock

# Days by which it jumps, one after the other.
JUMPS: Final = (1, -1, -1, 3, -3, -3, 4)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, message_burst=20, messages_per_minute=60, session_idle_days=14, session_days=30)


async def test_jumps_of_days_change_no_order_and_close_no_socket(
    ada: Actor, grace: Actor, clock: SettableClock
) -> None:
    ear, speaker = await grace.connects(), await ada.connects()
    await ear.subscribes("general")
    for number, days in enumerate(JUMPS):
        clock.passes(days=days, seconds=5)
        await speaker.says(f"post {number}")
        await speaker.asks("editMessage", room="general", index=number + 1, content=f"edit {number}")
    heard = await ear.hears_messages(2 * len(JUMPS))
    assert [(m["index"], m["version"]) for m in heard] == [(n // 2 + 1, n + 1) for n in range(2 * len(JUMPS))]
    stamps = [message["timestamp"] for message in heard]
    assert stamps != sorted(stamps), "The clock did not go back."
    fresh = await (await grace.connects()).subscribes("general")
    assert [message["content"] for message in fresh["messages"]] == [f"edit {n}" for n in range(len(JUMPS))]
    late = await (await grace.connects()).subscribes("general", after=len(JUMPS), epoch=fresh["epoch"])
    assert late["complete"]
    assert [m["version"] for m in late["messages"]] == [v for v in range(2, 15, 2) if v > len(JUMPS)]
    read_back = await grace.chat.messages.after(grace.person, "general", 0)
    assert [message.index for message in read_back.messages] == list(range(1, len(JUMPS) + 1))
    for open_all_the_time in (ear, speaker):
        assert (await open_all_the_time.asks("ping"))["ok"]


@pytest.mark.parametrize("days", [-3, -1, 1, 3])
async def test_who_was_too_fast_waits_no_longer_for_a_jump(ada: Actor, clock: SettableClock, days: int) -> None:
    wait = 0
    while not wait:
        wait = await seconds_to_wait(ada)
    clock.passes(days=days)
    waited = 0
    while again := await seconds_to_wait(ada):
        # What has passed cannot be known: each of the two counters, of the person and of the room, asks once more.
        waited += again
        assert waited <= 2 * wait
        clock.passes(seconds=again)


async def test_who_comes_while_the_clock_is_behind_is_not_called_idle_afterwards(
    ada: Actor, clock: SettableClock
) -> None:
    """As on a machine without a battery, until the network has told it the time."""
    secret, _ = await ada.chat.sign_in.with_password("ada", PASSWORD, remember=True, address="192.0.2.1", user_agent="")
    clock.passes(days=-400)
    assert await ada.chat.sign_in.by_session(secret) is not None
    await ada.chat.housekeeping.note_seen()
    clock.passes(days=400)
    assert await ada.chat.sign_in.by_session(secret) is not None
    await ada.chat.housekeeping.tidy()
    assert await ada.chat.sign_in.by_session(secret) is not None


async def test_what_was_made_while_the_clock_was_ahead_lasts_no_longer_for_it(ada: Actor, clock: SettableClock) -> None:
    """For as many years as that, and never idle."""
    sign_in = ada.chat.sign_in
    clock.passes(days=4_000)
    used, idle = [
        await sign_in.start_session(ada.person, remember=True, address="192.0.2.1", user_agent="") for _ in range(2)
    ]
    clock.passes(days=-4_000)
    await ada.chat.housekeeping.tidy()
    assert None not in (await sign_in.by_session(used), await sign_in.by_session(idle))
    clock.passes(days=13)
    assert await sign_in.by_session(used) is not None
    clock.passes(days=1)
    await ada.chat.housekeeping.tidy()
    assert await sign_in.by_session(used) is not None
    assert await sign_in.by_session(idle) is None
    clock.passes(days=13)
    assert await sign_in.by_session(used) is not None
    clock.passes(days=3)
    assert await sign_in.by_session(used) is None


async def test_a_clock_that_is_behind_for_long_ends_no_access_token(ada: Actor, clock: SettableClock) -> None:
    """It is not told from one that is right, and scripts would stop once it is."""
    sign_in = ada.chat.sign_in
    _, secret = await sign_in.create_token(ada.person, "script", 30)
    clock.passes(days=-4_000)
    await ada.chat.housekeeping.tidy()
    clock.passes(days=4_029)
    assert await sign_in.by_token(secret) is not None


async def seconds_to_wait(actor: Actor) -> int:
    try:
        await actor.says("words")
    except RateLimited as refusal:
        return int(refusal.retry_after or 0)
    return 0


@pytest.mark.parametrize("days", [-3, -1, 1, 3])
async def test_no_jump_lets_a_session_or_a_token_outlive_its_end(ada: Actor, clock: SettableClock, days: int) -> None:
    sign_in = ada.chat.sign_in
    secret, _ = await sign_in.with_password("ada", PASSWORD, remember=True, address="192.0.2.1", user_agent="")
    _, jwt = await sign_in.create_jwt(ada.person, 30)
    began = clock()

    async def is_in() -> tuple[bool, bool]:
        return await sign_in.by_session(secret) is not None, await sign_in.by_token(jwt) is not None

    for day in (10, 20, 29):
        clock.now = began
        clock.passes(days=day + days)
        await ada.says(f"day {day}")
        clock.now = began
        clock.passes(days=day)
        assert await is_in() == (True, True)
        identity = await sign_in.by_session(secret)
        assert identity is not None
        sign_in.note_seen(identity)
    clock.now = began
    clock.passes(days=30, seconds=1)
    assert await is_in() == (False, False)
