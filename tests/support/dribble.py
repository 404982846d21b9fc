"""A line between browser and chat on which one page comes in pieces, each when the test says so."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer
from multidict import CIMultiDict

Alter = Callable[[str], str]
# What speaks of one connection only (RFC 9110, 7.6.1), and of an encoding that is not kept.
OF_THE_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "content-encoding", "date"})


class Dribble:
    """``url`` is where the browser goes instead of to the chat; ``path`` comes in ``pieces``, after ``alter``."""

    def __init__(self, session: ClientSession, path: str, pieces: int, alter: Alter) -> None:
        self.url = ""
        self.pieces = pieces
        self._session = session
        self._path = path
        self._alter = alter
        self._may_go_on = asyncio.Semaphore(0)

    def give(self) -> None:
        """Let the next piece go."""
        self._may_go_on.release()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {**request.headers, "Accept-Encoding": "identity"}
        async with self._session.get(request.path_qs, headers=headers, allow_redirects=False) as answer:
            kept = CIMultiDict((k, v) for k, v in answer.headers.items() if k.lower() not in OF_THE_HOP)
            if request.path != self._path:
                return web.Response(status=answer.status, headers=kept, body=await answer.read())
            text = self._alter(await answer.text()).encode()
            response = web.StreamResponse(status=answer.status, headers=kept)
        await response.prepare(request)
        size = -(-len(text) // self.pieces)
        for start in range(0, len(text), size):
            await self._may_go_on.acquire()
            await response.write(text[start : start + size])
        return response


@asynccontextmanager
async def dribbling(to: str, path: str, pieces: int, alter: Alter) -> AsyncIterator[Dribble]:
    async with ClientSession(to) as session:
        line = Dribble(session, path, pieces, alter)
        app = web.Application()
        app.router.add_get("/{rest:.*}", line.handle)
        async with TestServer(app) as running:
            line.url = str(running.make_url("")).rstrip("/")
            yield line
