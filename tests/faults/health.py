"""How soon a server answers that it is well, while others keep it busy."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from aiohttp import ClientSession

from tests.support.server import Server

# Ten times what it took two busy cores.
HEALTHY_SECONDS: Final = 5.0
EVERY_SECONDS: Final = 0.02


@asynccontextmanager
async def asked_all_along(server: Server) -> AsyncIterator[list[float]]:
    """``/healthz`` again and again until the block ends: what each answer took, in seconds."""
    took: list[float] = []

    async def ask() -> None:
        async with ClientSession() as session:
            while True:
                began = time.monotonic()
                async with session.get(f"{server.url}/healthz") as answer:
                    assert answer.status == 200
                took.append(time.monotonic() - began)
                await asyncio.sleep(EVERY_SECONDS)

    asking = asyncio.create_task(ask())
    try:
        yield took
    finally:
        asking.cancel()
        # Whatever it failed with is the test's failure, too.
        with suppress(asyncio.CancelledError):
            await asking
