"""One chat with every kind of person and every kind of room, asked through every door by real requests."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from aiohttp import ClientSession, CookieJar, WSServerHandshakeError
from aiohttp.test_utils import TestClient, TestServer

from chatapp.app import create_app
from chatapp.core.models import Attach, Message, Person
from chatapp.domain.chat import Chat
from chatapp.keys import CHAT
from chatapp.settings import Settings
from chatapp.storage.tables import memberships
from tests.support.cast import PASSWORD, Ear
from tests.support.pictures import picture
from tests.support.rooms import closed_room
from tests.support.time import SettableClock

OPEN: Final = "plaza"
CLOSED: Final = "vault"
NOWHERE: Final = "empty"
# In the chat; the first three are outside of the rooms, the others inside.
PERSONS: Final = ("outsider", "former", "admin", "member", "owner", "moderator")
OUTSIDE: Final = PERSONS[:3]
MEMBERS: Final = ("member", "owner", "moderator", "host", "disabled")
NOT_IN_THE_CHAT: Final = ("nobody", "unverified", "disabled")
HTML: Final = {"Accept": "text/html"}
UNSPOKEN: Final = {"date", "x-request-id", "content-length", "set-cookie"}


@dataclass(frozen=True)
class Answer:
    """What came back: a word for it, and all that could tell one refusal from another."""

    word: str
    told: str = ""


class World:
    """The rooms: ``plaza`` open, ``vault`` closed, a direct one of member and host; ``empty`` does not exist."""

    def __init__(self, chat: Chat, client: TestClient[Any, Any]) -> None:
        self.chat = chat
        self.client = client
        self.people: dict[str, Person] = {}
        self.tokens: dict[str, str] = {}
        self.sessions: dict[str, ClientSession] = {}
        self.csrf: dict[str, str] = {}
        self.ears: dict[str, Ear] = {}
        self.direct = ""
        self._ids: list[int] = []
        self._files: dict[str, int] = {}
        # The index of what each person said where.
        self.own: dict[tuple[str, str], int] = {}

    @property
    def rooms(self) -> tuple[str, ...]:
        return (OPEN, CLOSED, self.direct, NOWHERE)

    async def says(self, who: str, slug: str, text: str) -> Message:
        return await self.chat.messages.post(self.people[who], slug, f"{text} by {who} in {slug}")

    async def file_in(self, slug: str) -> int:
        """The id of a picture, a.png, that the host has sent there."""
        if slug == NOWHERE:
            return 999
        if slug not in self._files:
            host = self.people["host"]
            file = await self.chat.files.upload(host, slug, "a.png", _pieces(picture(10, 10)))
            self._files[slug] = file.shown.id
            await self.chat.messages.post(host, slug, "", attachments=[Attach(file.shown.id)])
        return self._files[slug]

    async def puts_back(self) -> None:
        """Everybody is where they were: what a cell of the table did is undone."""
        database = self.chat.outbox._database
        of_a_room = {name: "owner" if name == "owner" else "member" for name in MEMBERS}
        rows = [
            {"room_id": room_id, "person_id": self.people[name].id, "role": role, "joined_at": database.clock()}
            for room_id in self._ids
            for name, role in of_a_room.items()
        ]
        everybody = [person.id for person in self.people.values()]
        theirs = sa.and_(memberships.c.room_id.in_(self._ids), memberships.c.person_id.in_(everybody))
        async with database.transaction() as tx:
            await tx.execute(sa.delete(memberships).where(theirs))
            await tx.execute(sa.insert(memberships), rows)

    # Doors

    async def page(self, who: str, path: str, *, holds: str = "") -> Answer:
        """A page; ``holds`` is what it must show for a yes."""
        async with self.sessions[who].get(self._url(path), headers=HTML, allow_redirects=False) as response:
            return await _of_page(response, holds)

    async def form(self, who: str, path: str, **fields: str) -> Answer:
        data = {"csrf": self.csrf[who], **fields}
        headers = {**HTML, "Origin": str(self._url("/").origin())}
        async with self.sessions[who].post(
            self._url(path), data=data, headers=headers, allow_redirects=False
        ) as response:
            return await _of_page(response, "")

    async def rest(self, who: str, method: str, path: str, *, holds: str = "", body: Any = None) -> Answer:
        headers = {"Authorization": f"Bearer {self.tokens[who]}"} if who in self.tokens else {}
        session = self.sessions["nobody" if who in self.tokens else who]
        if who not in self.tokens:
            headers["Origin"] = str(self._url("/").origin())
        more: dict[str, Any] = {"data": body} if isinstance(body, str) else {"json": body}
        async with session.request(method, self._url(f"/api/v1{path}"), headers=headers, **more) as response:
            text = await response.text()
            if response.status < 400:
                return Answer("yes" if holds in text else "-")
            problem = {**json.loads(text), "request_id": ""}
            word = {401: "login", 403: "no", 404: "-"}.get(response.status, str(response.status))
            return Answer(word, f"{response.status} {problem} {_headers(response.headers)}")

    async def ws(self, who: str, action: str, room: str, *, holds: str = "", **fields: Any) -> Answer:
        if who not in self.ears:
            return await self._refused_upgrade(who, "/ws")
        frame = await self.ears[who].asks(action, room=room, **fields)
        if frame["ok"]:
            return Answer("yes" if holds in json.dumps(frame) else "-")
        word = {"not_found": "-", "forbidden": "no"}.get(frame["error"]["code"], frame["error"]["code"])
        return Answer(word, json.dumps(frame["error"]))

    async def room_socket(self, who: str, room: str, frame: dict[str, Any]) -> Answer:
        path = f"/rooms/{room}/ws"
        refused = await self._refused_upgrade(who, path)
        if refused.word:
            return refused
        async with self.client.ws_connect(path, headers=self._bearer(who)) as ws:
            await ws.send_json(frame)
            heard = await ws.receive_json(timeout=20)
            return Answer("-" if "error" in heard else "yes", json.dumps(heard.get("error")))

    async def _refused_upgrade(self, who: str, path: str) -> Answer:
        try:
            async with self.client.ws_connect(path, headers=self._bearer(who)):
                return Answer("")
        except WSServerHandshakeError as refused:
            word = {403: "login", 404: "-"}.get(refused.status, str(refused.status))
            return Answer(word, f"{refused.status} {_headers(refused.headers or {})}")

    def _bearer(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens[who]}"} if who in self.tokens else {}

    def _url(self, path: str) -> Any:
        return self.client.make_url(path)

    # How it came to be

    async def builds(self) -> None:
        everybody = ("host", *PERSONS, "disabled", "newcomer")
        for name in everybody:
            is_admin = name in {"admin", "moderator"}
            self.people[name] = await self.chat.accounts.add(
                username=name, email=f"{name}@example.org", password=PASSWORD, is_admin=is_admin
            )
            _, self.tokens[name] = await self.chat.sign_in.create_token(self.people[name], "tests", None)
        self.people["unverified"] = await self.chat.accounts.register(
            username="unverified", email="unverified@example.org", password=PASSWORD
        )
        owner, host = self.people["owner"], self.people["host"]
        for slug in (OPEN, CLOSED):
            is_open = slug == OPEN
            making = (
                self.chat.rooms.create(owner, name=slug, slug=slug)
                if is_open
                else closed_room(self.chat, owner, slug, slug)
            )
            self._ids.append((await making).id)
            for name in ("member", "moderator", "host", "former", "disabled"):
                await self.chat.memberships.add(owner, slug, name)
        self.direct = (await self.chat.rooms.open_direct(self.people["member"], host.username)).slug
        await self._talk()
        for name in ("nobody", "unverified", *everybody):
            await self._opens_browser(name)
        for slug in (OPEN, CLOSED):
            await self.chat.memberships.remove(owner, slug, "former")
        for name in PERSONS:
            self.ears[name] = Ear(await self.client.ws_connect("/ws", headers=self._bearer(name)))
            await self.ears[name].hears("hello")
        await self.chat.accounts.set_disabled(self.people["admin"], "disabled", True)

    async def _talk(self) -> None:
        for slug in (OPEN, CLOSED, self.direct):
            names = ("host", "member") if slug == self.direct else ("host", "member", "owner", "moderator", "former")
            for name in names:
                self.own[name, slug] = (await self.says(name, slug, "words")).index

    async def _opens_browser(self, name: str) -> None:
        session = self.sessions[name] = ClientSession(cookie_jar=CookieJar(unsafe=True))
        self.csrf[name] = await self._token_on(session, "/login")
        if name == "nobody":
            return
        fields = {"csrf": self.csrf[name], "username": name, "password": PASSWORD}
        headers = {"Origin": str(self._url("/").origin())}
        async with session.post(self._url("/login"), data=fields, headers=headers, allow_redirects=False) as answer:
            assert answer.status == 303, name
        self.csrf[name] = await self._token_on(session, "/verify" if name == "unverified" else "/rooms/new")

    async def _token_on(self, session: ClientSession, path: str) -> str:
        async with session.get(self._url(path), headers=HTML) as response:
            found = re.search(r'name="csrf" value="([^"]+)"', await response.text())
        assert found, path
        return found[1]

    async def ends(self) -> None:
        for ear in self.ears.values():
            await ear.ws.close()
        for session in self.sessions.values():
            await session.close()


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def _of_page(response: Any, holds: str) -> Answer:
    text = re.sub(r"Request [0-9a-f]+", "", await response.text(errors="replace"))
    target = response.headers.get("Location", "")
    told = f"{response.status} {target} {text} {_headers(response.headers)}"
    if target.startswith(("/login", "/verify")):
        return Answer("login", told)
    if response.status < 400:
        return Answer("yes" if holds in text else "-", told)
    return Answer({403: "no", 404: "-"}.get(response.status, str(response.status)), told)


def _headers(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted((name.lower(), value) for name, value in headers.items() if name.lower() not in UNSPOKEN)


@asynccontextmanager
async def open_world(settings: Settings) -> AsyncIterator[World]:
    app = create_app(settings, clock=SettableClock())
    async with TestClient(TestServer(app)) as client:
        world = World(app[CHAT], client)
        try:
            await world.builds()
            yield world
        finally:
            await world.ends()
