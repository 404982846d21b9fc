"""One running chat on which rows of bad inputs are tried, and what must not have happened after each."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

import pytest
import structlog
from aiohttp.test_utils import TestClient, TestServer

from chatapp import logs
from chatapp.app import create_app
from chatapp.core.sealing import Sealer
from chatapp.domain.chat import Chat
from chatapp.keys import CHAT
from chatapp.serving import HTTP
from chatapp.settings import Settings
from chatapp.storage import secrets
from chatapp.web.session import PURPOSE
from tests.support.cast import PASSWORD, Actor, Ear, cast
from tests.support.engine import behind_its_back, everything

PATIENCE: Final = 20.0
# Put into what is sent, looked for in what is logged.
MARK: Final = "xyzzy"
TABLES: Final = ("people", "rooms", "memberships", "messages", "invites", "links", "outbox")
COUNTED: Final = ("sessions", "tokens")


class Reply(NamedTuple):
    """One answer over HTTP. ``code`` is that of the problem document; ``rest`` whatever came after the answer."""

    status: int
    headers: dict[str, str]
    body: bytes
    is_closed: bool
    rest: bytes = b""

    def __repr__(self) -> str:
        return f"{self.status} {self.body[:200]!r} closed={self.is_closed} rest={self.rest[:60]!r}"

    @property
    def code(self) -> str:
        is_problem = self.body and self.headers.get("content-type", "").startswith("application/problem+json")
        return str(json.loads(self.body)["code"]) if is_problem else ""

    @property
    def fields(self) -> list[str]:
        return [str(wrong["field"]) for wrong in json.loads(self.body).get("errors", ())]


class Scene:
    """Ada sends what is wrong; Grace listens and should notice nothing; the vault is Grace's alone."""

    def __init__(self, client: TestClient[Any, Any], chat: Chat, data: Path) -> None:
        self.client = client
        self.chat = chat
        self._data = data
        self.ada: Actor
        self.grace: Actor
        self.ear: Ear
        self.cookie = ""
        self.csrf = ""
        self.disabled = ""
        self.logged_out = ""

    @classmethod
    async def begins(cls, client: TestClient[Any, Any], chat: Chat, data: Path) -> Self:
        scene = cls(client, chat, data)
        async with cast(chat, client) as given:
            root = await given.person("root", is_admin=True)
            scene.ada, scene.grace = await given.person("ada"), await given.person("grace")
            left = await given.person("left")
            await given.room("vault", owner=scene.grace)
            await scene.ada.says("first")
            gone = await scene.ada.says("second")
            await chat.messages.delete(scene.ada.person, "general", gone.index)
            await chat.accounts.set_disabled(root.person, "left", is_disabled=True)
            scene.disabled = left.token
            scene.logged_out, scene.cookie = await scene.ada.signs_in(), await scene.ada.signs_in()
            found = await chat.sign_in.by_session(await _secret(client, scene.logged_out))
            assert found
            await chat.sign_in.log_out(found)
        scene.csrf = await scene._csrf()
        scene.ear = await scene.grace.listens_to()
        return scene

    @property
    def host(self) -> str:
        return f"{self.client.host}:{self.client.port}"

    @property
    def secrets(self) -> tuple[str, ...]:
        return (self.ada.token, self.cookie, self.disabled, self.logged_out, PASSWORD, MARK)

    async def asks(self, raw: bytes, *, has_body: bool = True) -> Reply:
        """Send bytes; the answer, and what follows it when the same connection is asked for ``/ping``."""
        reader, writer = await asyncio.open_connection(self.client.host, self.client.port, limit=2**20)
        sending = asyncio.create_task(_send(writer, raw))
        try:
            async with asyncio.timeout(PATIENCE):
                reply = await _read_reply(reader, has_body=has_body)
                if reply.status == 101:
                    return reply
                if not reply.is_closed:
                    await sending
                    writer.write(f"GET /ping HTTP/1.1\r\nHost: {self.host}\r\nConnection: close\r\n\r\n".encode())
                return reply._replace(rest=await _read_rest(reader))
        finally:
            sending.cancel()
            writer.close()

    @contextmanager
    def nothing_happens(self, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
        """Inside, nothing is stored and nothing is logged that is secret, a bug, or a lost task."""
        before = self.rows()
        caplog.clear()
        with structlog.testing.capture_logs() as lines:
            yield
        after = self.rows()
        changed = [name for name in after if after[name] != before[name]]
        assert changed == [], changed
        loud = [line for line in lines if line["log_level"] in {"error", "critical"}]
        # What the parser says goes through chatapp.logs; pytest listens in all the same.
        others = [record for record in caplog.records if record.name != "aiohttp.server"]
        assert loud == [], loud
        assert [record.getMessage() for record in others if record.levelname == "ERROR"] == []
        said = repr(lines) + "".join(record.getMessage() for record in others)
        assert [secret for secret in self.secrets if secret in said] == []

    async def nobody_heard(self) -> None:
        """Grace's socket works and had nothing to say since it was last asked."""
        answer = await self.ear.asks("ping")
        assert answer["pong"]
        heard, self.ear._news = self.ear._news, []
        assert heard == []

    def rows(self) -> dict[str, Any]:
        """What is in the file, but for when somebody was last seen, and what the audit log notes of refusals."""
        with behind_its_back(self._data / "chatapp.db") as connection:
            found = everything(connection, (*TABLES, *COUNTED))
        return {name: len(rows) if name in COUNTED else rows for name, rows in found.items()}

    async def _csrf(self) -> str:
        async with self.client.get("/settings/profile", headers={"Cookie": f"session={self.cookie}"}) as page:
            found = re.search(r'name="csrf" value="([^"]+)"', await page.text())
            assert found
            return found[1]


async def _secret(client: TestClient[Any, Any], cookie: str) -> str:
    """What the envelope of a cookie holds."""
    assert client.app
    kept = secrets.load(client.app[CHAT].settings.data)
    return str(json.loads(Sealer(PURPOSE, kept.session_keys).open(cookie).content)["secret"])


async def _send(writer: asyncio.StreamWriter, raw: bytes) -> None:
    # A server that has refused a long body stops reading it.
    with contextlib.suppress(ConnectionError):
        writer.write(raw)
        await writer.drain()


async def _read_reply(reader: asyncio.StreamReader, *, has_body: bool) -> Reply:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.splitlines()
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines if line)}
    status = int(first.split()[1])
    size = int(headers.get("content-length", "0")) if has_body and status not in {101, 204, 304} else 0
    body = await reader.readexactly(size)
    is_closed = headers.get("connection", "").lower() == "close" or first.startswith("HTTP/1.0")
    return Reply(status, headers, body, is_closed)


async def _read_rest(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.read(2**16)
    except ConnectionError:
        return b""


@asynccontextmanager
async def open_scene(settings: Settings) -> AsyncIterator[Scene]:
    parser = logging.getLogger("aiohttp.server")
    kept = parser.handlers, parser.propagate
    logs.hear_parser()
    app = create_app(settings)
    server = TestServer(app)
    # As the product serves.
    await server.start_server(**HTTP)
    client = TestClient(server)
    await client.start_server()
    try:
        yield await Scene.begins(client, app[CHAT], settings.data)
    finally:
        await client.close()
        parser.handlers, parser.propagate = kept
