"""A WebSocket that is served when its request has been: nothing of the way in is kept as long as it is open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web


class Upgrade(web.WebSocketResponse[Any]):
    """The answer to an upgrade. What is handed to :meth:`then` runs until the socket ends.

    A handler that stayed would hold the frames of all middlewares, a quarter of what a socket costs, and each message
    would be passed down through them.
    """

    __slots__ = ("_serve",)

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._serve: Callable[[], Awaitable[None]] | None = None

    def then(self, serve: Callable[[], Awaitable[None]]) -> None:
        """Set what runs until the socket ends."""
        self._serve = serve

    async def write_eof(self, data: bytes = b"") -> None:
        """aiohttp's last word to an answer, once handler and middlewares have returned."""
        if self._serve is not None:
            served, self._serve = self._serve(), None
            await served
        await super().write_eof()
        if (error := self.exception()) is not None:
            # The frames in it hold this socket, which holds it: a circle would wait for the collector.
            error.__traceback__ = error.__context__ = None
