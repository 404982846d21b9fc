"""A person with twenty sockets and busy requests in a room where others talk, and what reached them after the end."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from typing import Any, Final

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType
from aiohttp.test_utils import TestClient

from chatapp.domain.chat import Chat
from tests.support.cast import Actor
from tests.support.engine import behind_its_back

ROOM: Final = "designers"
# Above no version: nothing was withdrawn.
NOT_YET: Final = -1
WS: Final = 14
JSON_SOCKETS: Final = 4
TEXT_SOCKETS: Final = 2
# Every path that reads the room, asked again and again while the right ends.
READS: Final = (
    f"/api/v1/rooms/{ROOM}/messages",
    f"/api/v1/rooms/{ROOM}/messages?before=99999999",
    f"/api/v1/rooms/{ROOM}/changes?after=0",
    f"/rooms/{ROOM}",
)


class Withdrawal:
    """Notes the room's version at the very commit that ends the right, before anybody can say more."""

    def __init__(self, chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
        self._path = chat.settings.database_path
        self.version = NOT_YET
        self.at = 0.0
        for name in ("drop", "_end"):
            monkeypatch.setattr(chat.hub, name, self._noting(getattr(chat.hub, name)))

    def begins(self) -> None:
        self.version = NOT_YET

    def _noting(self, call: Callable[..., None]) -> Callable[..., None]:
        def noted(*arguments: Any, **named: Any) -> None:
            # Called while the writer is held, right after the commit: nothing was said in between.
            self.version, self.at = self._top(), time.monotonic()
            call(*arguments, **named)

        return noted

    def _top(self) -> int:
        with behind_its_back(self._path) as connection:
            row = connection.execute("SELECT last_version FROM rooms WHERE slug = ?", (ROOM,)).fetchone()
        return int(row[0])


class Talk:
    """Somebody says a numbered line after the other, until told to stop; the number is the version."""

    def __init__(self, speaker: Actor) -> None:
        self._speaker = speaker
        self.said = 0
        self._is_over = False

    async def goes_on(self) -> None:
        while not self._is_over:
            await self._speaker.says(f"line {self.said + 1}", in_=ROOM)
            self.said += 1
            await self._speaker.chat.messages.note_typing(self._speaker.person, ROOM, is_active=self.said % 2 == 0)

    def ends(self) -> None:
        self._is_over = True


class Crowd:
    """All that one person has open, under one credential."""

    def __init__(self, client: TestClient[Any, Any], headers: dict[str, str]) -> None:
        self.client = client
        self.headers = headers
        self.closed: list[tuple[int | None, float]] = []
        self.heard: list[int] = []
        self.after_removal: list[str] = []
        self.ws: list[ClientWebSocketResponse] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._is_over = False

    async def opens(self) -> None:
        for _ in range(WS):
            ws = await self.client.ws_connect("/ws", headers=self.headers)
            await ws.send_json({"action": "subscribe", "room": ROOM, "limit": 0})
            self.ws.append(ws)
        for number in range(JSON_SOCKETS + TEXT_SOCKETS):
            form = "" if number < JSON_SOCKETS else "?format=text"
            self.ws.append(await self.client.ws_connect(f"/rooms/{ROOM}/ws{form}", headers=self.headers))
        self._tasks = [asyncio.create_task(self._listens(ws)) for ws in self.ws]
        self._tasks += [asyncio.create_task(self._reads(path)) for path in READS]
        self._tasks.append(asyncio.create_task(self._polls()))

    async def ends(self) -> None:
        self._is_over = True
        for ws in self.ws:
            await ws.close()
        async with asyncio.timeout(35):
            await asyncio.gather(*self._tasks)

    @property
    def is_closed(self) -> bool:
        return len(self.closed) == len(self.ws)

    async def _listens(self, ws: ClientWebSocketResponse) -> None:
        is_removed = False
        async for message in ws:
            if message.type is WSMsgType.TEXT:
                self._notes(message.data)
                if is_removed:
                    self.after_removal.append(message.data)
                is_removed = is_removed or '"roomRemoved"' in message.data
        self.closed.append((ws.close_code, time.monotonic()))

    async def _reads(self, path: str) -> None:
        while not self._is_over:
            async with self.client.get(path, headers=self.headers, allow_redirects=False) as answer:
                self._notes(await answer.text())

    async def _polls(self) -> None:
        while not self._is_over:
            top = max(self.heard, default=0)
            path = f"/api/v1/rooms/{ROOM}/changes?after={top}&wait=1"
            async with self.client.get(path, headers=self.headers) as answer:
                self._notes(await answer.text())

    def _notes(self, text: str) -> None:
        self.heard += [int(number) for number in re.findall(r"line (\d+)", text)]


def error_of(text: str) -> str:
    """The code of a refusal in a frame or a problem document."""
    data = json.loads(text)
    return str(data.get("code") or data["error"]["code"])
