"""What a page shows of who is here, from the news that its socket hears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from tests.support.cast import Actor, Ear
from tests.support.wire import PING, PONG, TEXT, RawSocket


class At(NamedTuple):
    """Where a server is, as :class:`RawSocket` asks for it."""

    port: int
    host: str = "127.0.0.1"


class Shown:
    """By username."""

    def __init__(self) -> None:
        self.shown: dict[str, str] = {}
        self.statuses: dict[str, str] = {}
        self.frames = 0
        self.is_looking = True

    def note(self, frame: Mapping[str, Any]) -> None:
        self.frames += 1
        if frame["complete"]:
            self.shown, self.statuses = {}, {}
        for presence in ("online", "away", "offline"):
            self.shown |= dict.fromkeys(frame[presence], presence)
            self.statuses |= {name: frame["statuses"].get(name, "") for name in frame[presence]}

    def of(self, username: str) -> str:
        return self.shown.get(username, "offline")


class Watcher(Shown):
    """Somebody with a page open, who looks when they are told to."""

    def __init__(self, ear: Ear) -> None:
        super().__init__()
        self.ear = ear

    async def hears(self) -> None:
        self.note(await self.ear.hears("presence"))

    async def sees(self, **expected: str) -> None:
        while {name: self.of(name) for name in expected} != expected:
            await self.hears()

    async def reads(self, **expected: str) -> None:
        """Why people are away."""
        while {name: self.statuses.get(name, "") for name in expected} != expected:
            await self.hears()


async def watches(actor: Actor) -> Watcher:
    """A page that was just opened."""
    watcher = Watcher(await actor.connects())
    assert (await watcher.ear.asks("presence"))["ok"]
    await watcher.hears()
    return watcher


@asynccontextmanager
async def lookout(raw: RawSocket) -> AsyncIterator[Shown]:
    """Keeps looking, and answers pings, until the block ends."""
    shown = Shown()

    async def look() -> None:
        while True:
            try:
                frame = await raw.hears(within=600)
            except (asyncio.IncompleteReadError, ConnectionError):
                shown.is_looking = False
                return
            if frame.opcode == PING:
                raw.sends(PONG, frame.payload)
            elif frame.opcode == TEXT and frame.json.get("event") == "presence":
                shown.note(frame.json)

    raw.says(action="presence")
    looking = asyncio.create_task(look())
    try:
        yield shown
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
