"""People of the tests, who do things with verbs: over HTTP and sockets, as any client would."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Self

from aiohttp import ClientSession, ClientWebSocketResponse, CookieJar, WSMsgType
from aiohttp.test_utils import TestClient

from chatapp.core import validation
from chatapp.core.models import Person, Room
from chatapp.domain.chat import Chat
from tests.support.rooms import closed_room

PASSWORD: Final = "correct horse battery"
PATIENCE: Final = 20.0
A_MOMENT: Final = 0.15

Frame = dict[str, Any]


class Ear:
    """An open ``/ws``: frames in the order they came, answers told apart by their ref."""

    def __init__(self, ws: ClientWebSocketResponse) -> None:
        self.ws = ws
        self.hello: Frame = {}
        self._refs = 0
        self._news: list[Frame] = []

    async def frame(self, *, within: float = PATIENCE) -> Frame:
        """The next frame, whatever it is."""
        return self._news.pop(0) if self._news else await self._read(within)

    async def asks(self, action: str, **fields: Any) -> Frame:
        """The answer to a command; news that comes meanwhile is kept for :meth:`hears`."""
        self._refs += 1
        await self.ws.send_str(json.dumps({"action": action, "ref": self._refs, **fields}))
        while True:
            frame = await self._read(PATIENCE)
            if frame.get("ref") == self._refs and "ok" in frame:
                return frame
            self._news.append(frame)

    async def subscribes(self, room: str, **fields: Any) -> Frame:
        answer = await self.asks("subscribe", room=room, **fields)
        assert answer["ok"], answer
        return answer

    async def says(self, content: str, room: str = "general", **fields: Any) -> Frame:
        answer = await self.asks("sendMessage", room=room, content=content, **fields)
        assert answer["ok"], answer
        return answer["message"]  # type: ignore[no-any-return]

    async def hears(self, event: str = "messages") -> Frame:
        """The next news of that kind; other news is dropped."""
        while True:
            frame = await self.frame()
            if frame.get("event") == event:
                return frame

    async def hears_messages(self, count: int) -> list[Frame]:
        """The next ``count`` changes, in the order they came."""
        found: list[Frame] = []
        while len(found) < count:
            found += (await self.hears())["messages"]
        return found

    async def silence(self) -> bool:
        """True when nothing at all comes for a moment."""
        try:
            await self.frame(within=A_MOMENT)
        except TimeoutError:
            return True
        return False

    async def close_code(self, *, within: float = PATIENCE) -> int | None:
        """The code with which the server closes, after whatever it still says."""
        async with asyncio.timeout(within):
            while True:
                message = await self.ws.receive()
                if message.type in {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR}:
                    return self.ws.close_code

    async def _read(self, within: float) -> Frame:
        message = await self.ws.receive(timeout=within)
        assert message.type is WSMsgType.TEXT, (message, self.ws.close_code)
        return json.loads(message.data)  # type: ignore[no-any-return]


class Actor:
    """An account with a token in its hand."""

    def __init__(self, chat: Chat, client: TestClient[Any, Any], person: Person, token: str) -> None:
        self.chat = chat
        self.client = client
        self.person = person
        self.token = token
        self._open: list[ClientWebSocketResponse] = []

    @property
    def username(self) -> str:
        return self.person.username

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def signs_in(self) -> str:
        """The session cookie of a browser of its own, by the login form."""
        async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as browser:
            url = self.client.make_url("/login")
            page = await (await browser.get(url)).text()
            csrf = re.search(r'name="csrf" value="([^"]+)"', page)
            assert csrf, page
            form = {"csrf": csrf[1], "username": self.username, "password": PASSWORD}
            answer = await browser.post(url, data=form, headers={"Origin": str(url.origin())}, allow_redirects=False)
            assert answer.status == 303, await answer.text()
            return next(cookie.value for cookie in browser.cookie_jar if cookie.key == "session")

    async def connects(self, *, cookie: str = "") -> Ear:
        """``/ws`` by the token, or by that session cookie."""
        headers = {"Cookie": f"session={cookie}"} if cookie else self.bearer
        ear = Ear(await self.client.ws_connect("/ws", headers=headers))
        self._open.append(ear.ws)
        ear.hello = await ear.frame()
        assert ear.hello["event"] == "hello"
        return ear

    async def listens_to(self, room: str = "general", **fields: Any) -> Ear:
        ear = await self.connects()
        await ear.subscribes(room, **fields)
        return ear

    async def opens(self, path: str) -> ClientWebSocketResponse:
        ws = await self.client.ws_connect(path, headers=self.bearer)
        self._open.append(ws)
        return ws

    async def says(self, content: str, *, in_: str = "general", **fields: Any) -> Any:
        return await self.chat.messages.post(self.person, in_, content, **fields)

    async def joins(self, room: str) -> None:
        await self.chat.memberships.join(self.person, room)

    async def leaves(self, room: str) -> None:
        await self.chat.memberships.leave(self.person, room)

    async def removes(self, other: Self, *, from_: str) -> None:
        await self.chat.memberships.remove(self.person, from_, other.username)

    async def goes(self) -> None:
        for ws in self._open:
            await ws.close()


class Given:
    """What is so before a test begins."""

    def __init__(self, chat: Chat, client: TestClient[Any, Any]) -> None:
        self.chat = chat
        self.client = client
        self.actors: list[Actor] = []

    async def person(self, username: str, *, is_admin: bool = False, display_name: str = "") -> Actor:
        person = await self.chat.accounts.add(
            username=username,
            email=f"{username}@example.org",
            password=PASSWORD,
            display_name=display_name or username.title(),
            is_admin=is_admin,
        )
        _, token = await self.chat.sign_in.create_token(person, "tests", None)
        actor = Actor(self.chat, self.client, person, token)
        self.actors.append(actor)
        return actor

    async def room(self, name: str, *, owner: Actor, members: list[Actor] | None = None, kind: Any = "closed") -> Room:
        slug = validation.derive_slug(name)
        if kind == "closed":
            room = await closed_room(self.chat, owner.person, slug, name)
        else:
            room = await self.chat.rooms.create(owner.person, name=name, slug=slug, kind=kind)
        for member in members or []:
            await self.chat.memberships.add(owner.person, room.slug, member.username)
        return room


@asynccontextmanager
async def cast(chat: Chat, client: TestClient[Any, Any]) -> AsyncIterator[Given]:
    """The people of one test; their sockets are closed at its end."""
    given = Given(chat, client)
    try:
        yield given
    finally:
        for actor in given.actors:
            await actor.goes()
