"""Everybody comes back at once and is told of everybody: in few frames, while everything else goes on."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from chatapp.app import open_chat
from tests.faults.figures import p99
from tests.faults.health import HEALTHY_SECONDS, asked_all_along
from tests.support.engine import settings_on
from tests.support.house import until
from tests.support.rounds import rounds
from tests.support.server import PASSWORD, serving
from tests.support.watcher import At, Shown, lookout
from tests.support.wire import RawSocket

PEOPLE: Final = rounds(100, 2000)
AT_ONCE: Final = 50
SECONDS: Final = 120.0


async def populate(data: Path) -> list[str]:
    """A token of each of many people."""
    async with open_chat(settings_on(data)) as chat:
        found = []
        for number in range(PEOPLE):
            person = await chat.accounts.add(
                username=f"p{number}", email=f"p{number}@example.org", password=PASSWORD, is_admin=number == 0
            )
            found.append((await chat.sign_in.create_token(person, "faults", None))[1])
    return found


async def test_everybody_hears_of_everybody_in_few_frames(tmp_path: Path) -> None:
    data = tmp_path / "data"
    tokens = await populate(data)
    async with serving(data, LIMITS="off") as server, asked_all_along(server) as took, AsyncExitStack() as stack:
        gate, everybody = asyncio.Semaphore(AT_ONCE), list[Shown]()
        began = time.monotonic()

        async def comes(token: str) -> None:
            async with gate:
                raw = await RawSocket.opens(At(server.port), "/ws", f"Authorization: Bearer {token}")
            stack.callback(raw.hangs_up)
            everybody.append(await stack.enter_async_context(lookout(raw)))

        await asyncio.gather(*map(comes, tokens))
        connected = time.monotonic() - began
        await until(lambda: all(len(shown.shown) == PEOPLE for shown in everybody), seconds=SECONDS)
        told = time.monotonic() - began
        frames = [shown.frames for shown in everybody]
        # Once a second, and the first in parts of a thousand names; not one for each person who came.
        assert max(frames) <= told + 4
        assert p99(took) < HEALTHY_SECONDS
    print(
        f"{PEOPLE} people connected in {connected:.1f} s, all told of all {told - connected:.2f} s after, "
        f"{sum(frames)} frames, {max(frames)} at most for one; /healthz {p99(took) * 1000:.0f} ms (p99)"
    )
