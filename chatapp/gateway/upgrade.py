"""A WebSocket that is served when its request has been: nothing of the way in is kept as long as it is open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web


class Upgrade(web.WebSocketResponse[Any]):
    """The answer to an upgrade. What is set as ``serve`` runs until the socket ends.

    A handler that stayed would hold the frames of all middlewares, a quarter of what a socket costs, and each message
    would be passed down through them.
    """

    serve: Callable[[], Awaitable[None]] | None = None

    async def write_eof(self, data: bytes = b"") -> None:
        """aiohttp's last word to an answer, once handler and middlewares have returned."""
        serve, self.serve = self.serve, None
        if serve is not None:
            await serve()
        await super().write_eof()
