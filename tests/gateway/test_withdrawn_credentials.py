"""When a credential ends, every tab that hangs on it knows within two seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest

from chatapp.domain.chat import Chat
from tests.support.cast import PASSWORD, Actor
from tests.support.rounds import rounds

TABS: Final = rounds(5, 15)
NEW: Final = "another horse battery"
Deed = Callable[[Chat, Actor, Actor], Awaitable[object]]


async def logs_out(chat: Chat, _ada: Actor, grace: Actor) -> None:
    for socket in list(chat.hub._people[grace.person.id]):
        await chat.sign_in.log_out(socket.identity)


async def ends_the_session(chat: Chat, _ada: Actor, grace: Actor) -> None:
    for session in await chat.sign_in.sessions(grace.person):
        await chat.sign_in.end_session(grace.person, session.digest)


async def changes_the_password(chat: Chat, _ada: Actor, grace: Actor) -> None:
    secret = await chat.sign_in.start_session(grace.person, remember=False, address="", user_agent="")
    keep = await chat.sign_in.by_session(secret)
    assert keep
    await chat.accounts.change_password(grace.person, current=PASSWORD, new=NEW, keep=keep)


async def resets_the_password(chat: Chat, _ada: Actor, grace: Actor) -> None:
    made: list[str] = []
    link = chat.letters._link

    async def noted(*arguments: Any, **more: Any) -> str:
        made.append(await link(*arguments, **more))
        return made[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chat.letters, "_link", noted)
        await chat.links.send_reset("grace@example.org")
    await chat.links.reset(made[0].rpartition("/")[2], NEW)


async def is_disabled(chat: Chat, ada: Actor, _grace: Actor) -> None:
    await chat.accounts.set_disabled(ada.person, "grace", True)


DEEDS: Final[list[Deed]] = [logs_out, ends_the_session, changes_the_password, resets_the_password, is_disabled]


@pytest.mark.parametrize("deed", DEEDS, ids=lambda deed: deed.__name__)
async def test_every_tab_is_closed_within_two_seconds(chat: Chat, ada: Actor, grace: Actor, deed: Deed) -> None:
    cookie = await grace.signs_in()
    tabs = [await grace.connects(cookie=cookie) for _ in range(TABS)]
    began = time.perf_counter()
    codes, _ = await asyncio.gather(asyncio.gather(*(tab.close_code(within=2) for tab in tabs)), deed(chat, ada, grace))
    print(f"{deed.__name__}: {TABS} tabs closed after {1000 * (time.perf_counter() - began):.0f} ms")
    assert codes == [4401] * TABS
    # Nor does what was in the cookie open anything again.
    me = await grace.client.get("/api/v1/me", headers={"Cookie": f"session={cookie}"})
    assert me.status == 401
