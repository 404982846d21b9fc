"""However a client goes, what it held is free within seconds, and nothing of it is called a fault of ours."""

from __future__ import annotations

import asyncio
import socket
import stat
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from aiohttp import web

from chatapp.core.models import Identity
from chatapp.domain.chat import Chat
from chatapp.gateway import connection
from chatapp.gateway.connection import Connection
from chatapp.keys import GATEWAY
from chatapp.settings import Settings
from tests.gateway.conftest import Opens
from tests.support.cast import Actor
from tests.support.house import until
from tests.support.time import SettableClock, eventually
from tests.support.wire import CLOSE, PING, RawSocket

SMALL: Final = 4096
LONG: Final = "x" * 4000
FRAMES: Final = 60


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(settings, limits=False, stalled_seconds=1, heartbeat=1)


async def all_free(app: web.Application, sockets_before: int) -> None:
    """No handler, no ear, no place, and no more sockets than before."""
    gateway, hub, limits = app[GATEWAY], app[GATEWAY]._chat.hub, app[GATEWAY]._chat.limits
    await eventually(lambda: not gateway._open and not hub._people and not hub._rooms)
    await eventually(lambda: not limits.sockets.here and not limits.sockets_from.here)
    await eventually(lambda: open_sockets() <= sockets_before)


def open_sockets() -> int:
    """Those of this process; SQLite opens its files when it first needs them, which may be meanwhile."""
    return sum(is_socket(each) for each in Path("/proc/self/fd").iterdir())


def is_socket(descriptor: Path) -> bool:
    try:
        return stat.S_ISSOCK(descriptor.stat().st_mode)
    except FileNotFoundError:
        # The listing's own.
        return False


async def with_much_unread(opens: Opens, ada: Actor) -> RawSocket:
    """A socket whose answers wait in the server since nobody reads them."""
    await asyncio.gather(*(ada.says(LONG) for _ in range(10)))
    raw = await opens(ada, receive_buffer=SMALL)
    for number in range(5):
        raw.says(action="getRecentMessages", room="general", ref=number)
    await until(lambda: any(each.guard.transport.get_write_buffer_size() for each in sockets(ada)))
    return raw


def sockets(actor: Actor) -> list[Connection]:
    return [each for each in actor.chat.hub._people[actor.person.id] if isinstance(each, Connection)]


async def says_goodbye(raw: RawSocket) -> None:
    raw.sends(CLOSE, struct.pack("!H", 1000))


async def closes_its_half(raw: RawSocket) -> None:
    raw.writer.write_eof()


async def pings_for_ever(raw: RawSocket) -> None:
    for _ in range(2000):
        raw.sends(PING, b"x" * 125)


async def resets(raw: RawSocket) -> None:
    raw.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raw.writer.transport.abort()


async def falls_silent(raw: RawSocket) -> None:
    """Neither reads nor says anything more."""


WAYS: Final = [says_goodbye, closes_its_half, pings_for_ever, resets, falls_silent]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_who_goes_without_having_read_is_not_waited_for(
    app: web.Application, opens: Opens, ada: Actor, way: Any
) -> None:
    raw = await with_much_unread(opens, ada)
    # Ours is still open at the end, the server's is not.
    before = open_sockets() - 1
    await way(raw)
    await all_free(app, before)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
async def test_who_goes_while_all_is_read_is_gone_as_well(
    app: web.Application, opens: Opens, ada: Actor, way: Any
) -> None:
    raw = await opens(ada)
    raw.says(action="subscribe", room="general", ref=1)
    assert (await raw.hears()).json["ok"]
    before = open_sockets() - 1
    await way(raw)
    await all_free(app, before)


# Credentials that end by themselves


async def connects_until(chat: Chat, opens: Opens, actor: Actor, expires_at: int | None) -> RawSocket:
    """A socket by a token that another program signed, with that end."""

    async def by_token(_: str) -> Identity:
        return Identity(actor.person, expires_at=expires_at)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chat.sign_in, "by_token", by_token)
        return await opens(actor)


async def test_a_socket_ends_with_its_credential(
    chat: Chat, opens: Opens, ada: Actor, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "LOOK_SECONDS", 0.02)
    soon = await connects_until(chat, opens, ada, clock.now + 60_000)
    later = await connects_until(chat, opens, ada, clock.now + 120_000)
    never = await connects_until(chat, opens, ada, None)
    assert await soon.is_alive()
    clock.passes(seconds=60)
    assert await soon.close_code() == 4401
    assert await later.is_alive()
    assert await never.is_alive()
    clock.passes(seconds=60)
    assert await later.close_code() == 4401
    assert await never.is_alive()


async def test_a_credential_that_ends_soon_is_looked_at_then(chat: Chat, opens: Opens, ada: Actor) -> None:
    """No later than it ends, however seldom clocks are looked at otherwise."""
    raw = await connects_until(chat, opens, ada, chat.sign_in._now() * 1000 + 300)
    (socket,) = sockets(ada)
    assert socket._expiry is not None
    assert socket._expiry.when() - asyncio.get_running_loop().time() < 0.4
    raw.hangs_up()
    await eventually(lambda: not chat.hub._people)
    assert socket._expiry.cancelled()
