"""Several people on a real server, a simple memory of what they did, and what must be so after every step."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from aiohttp import WSMsgType
from aiohttp.test_utils import TestClient, TestServer

from chatapp.app import create_app
from chatapp.core.models import Person
from chatapp.domain.chat import Chat
from chatapp.keys import CHAT
from tests.model.mirror import API, Mirror, fresh_state, state
from tests.support.cast import PASSWORD, Frame
from tests.support.engine import settings_on

PEOPLE: Final = ("ada", "grace", "linus", "rosa")
REFUSALS: Final = frozenset({"not_found", "forbidden", "conflict"})
Act = Coroutine[Any, Any, None]


@dataclass
class Post:
    """A message as everybody should see it."""

    author: str
    content: str
    is_deleted: bool = False
    is_pinned: bool = False
    reactions: dict[str, list[str]] = field(default_factory=dict)


@dataclass
class Room:
    kind: str
    name: str
    topic: str = ""
    members: set[str] = field(default_factory=set)
    posts: dict[int, Post] = field(default_factory=dict)


class World:
    """``rooms`` and ``names`` are the memory; everything else is real."""

    def __init__(self, data: Path, seed: int) -> None:
        self._data = data
        self.chance = random.Random(seed)
        self.log: list[str] = []
        self.rooms: dict[str, Room] = {"general": Room("open", "general", members=set(PEOPLE))}
        self.names = {name: name.title() for name in PEOPLE}
        self.people: dict[str, Person] = {}
        self.mirrors: list[Mirror] = []
        self._numbers = 0
        # Of this step: whose device is used already, what is changed already, who was where at some moment.
        self.busy: list[Mirror] = []
        self.touched: set[tuple[str, object]] = set()
        self._ever_in: set[tuple[str, str]] = set()
        self._ever_out: set[tuple[str, str]] = set()

    async def begins(self) -> None:
        await self._opens()
        for username in PEOPLE:
            self.people[username] = await self.chat.accounts.add(
                username=username,
                email=f"{username}@example.org",
                password=PASSWORD,
                display_name=self.names[username],
                is_admin=username == "ada",
            )
        general = (await self.chat.rooms.show(self.people["ada"], "general")).room
        self.rooms["general"].name, self.rooms["general"].topic = general.name, general.topic
        for username in PEOPLE:
            for _ in range(2):
                mirror = Mirror(username, await self.token(username))
                await mirror.connects(self.client)
                self.mirrors.append(mirror)

    async def ends(self) -> None:
        for mirror in self.mirrors:
            await mirror.leaves(politely=True)
        await self.client.close()

    async def restarts(self) -> None:
        """The same folder in another process's hands; every client comes back by itself."""
        await self.client.close()
        for mirror in self.mirrors:
            await mirror.leaves(politely=True)
        await self._opens()
        for mirror in self.mirrors:
            await mirror.connects(self.client)

    async def token(self, username: str) -> str:
        return (await self.chat.sign_in.create_token(self.people[username], "model", None))[1]

    def begins_a_step(self) -> None:
        self.busy, self.touched = [], set()
        everywhere = {(slug, name) for slug in self.rooms for name in PEOPLE}
        self._ever_in = {(slug, name) for slug, name in everywhere if name in self.rooms[slug].members}
        self._ever_out = everywhere - self._ever_in
        # Those whose membership this step changes are noted by :meth:`moves` before it happens.

    def moves(self, slug: str, username: str) -> None:
        """From now on it cannot be said whether that person is in."""
        self._ever_in.add((slug, username))
        self._ever_out.add((slug, username))

    def moved(self, slug: str, username: str, *, is_in: bool) -> None:
        (self.rooms[slug].members.add if is_in else self.rooms[slug].members.discard)(username)

    def judges(self, is_done: bool, username: str, slug: str) -> None:
        """Whoever was in the room all the time may; whoever never was may not."""
        allowed = self._ever_in if is_done else self._ever_out
        assert (slug, username) in allowed, (username, slug, is_done, self.log[-10:])

    def number(self) -> int:
        self._numbers += 1
        return self._numbers

    def open_mirrors(self) -> list[Mirror]:
        return [mirror for mirror in self.mirrors if mirror.ear is not None]

    async def calls(self, username: str, method: str, path: str, body: Any = None) -> tuple[bool, Any]:
        """Over REST: whether it was done, and the answer. Any refusal must be one of those that are expected."""
        mirror = next(mirror for mirror in self.mirrors if mirror.username == username)
        async with self.client.request(method, path, json=body, headers=mirror.bearer) as response:
            answer: Any = await response.json() if response.status != 204 else None
        assert response.status < 300 or answer["code"] in REFUSALS, (method, path, body, answer)
        self.log.append(f"{username} {method} {path} {body} -> {response.status}")
        return response.status < 300, answer

    async def asks(self, mirror: Mirror, action: str, **fields: Any) -> Frame:
        answer = await mirror.asks(action, **fields)
        assert answer["ok"] or answer["error"]["code"] in REFUSALS, (action, fields, answer)
        self.log.append(f"{mirror.username} {action} {fields} -> {answer.get('error', {}).get('code', 'ok')}")
        return answer

    async def settles(self) -> None:
        await asyncio.gather(*(mirror.settles() for mirror in self.open_mirrors()))

    async def agrees(self) -> None:
        """R28, and that what everybody sees is what was done."""
        await self.settles()
        for mirror in self.open_mirrors():
            fresh = await fresh_state(mirror, self.client)
            assert state(mirror) == fresh, self._difference(mirror, fresh)
            assert set(fresh) == {slug for slug, room in self.rooms.items() if mirror.username in room.members}
            for slug, room in self.rooms.items():
                if mirror.username in room.members:
                    self._is_as_remembered(room, fresh[slug], mirror.username)
                    members = (await mirror.reads(f"{API}/{slug}/members"))["members"]
                    assert {member["username"] for member in members} == room.members

    async def knows_who_is_here(self) -> None:
        """What changes is told within a second; a socket that ends is waited for."""
        for mirror in self.open_mirrors():
            await self.asks(mirror, "presence", active=True)
            async with asyncio.timeout(30):
                while not await mirror.knows_who_is_here():  # noqa: ASYNC110 - what is waited for sets no event
                    await asyncio.sleep(0.1)

    def _is_as_remembered(self, room: Room, seen: dict[str, Any], username: str) -> None:
        title, topic, kind, index, read_index, unread = seen["about"]
        if room.kind != "direct":
            assert (title, topic, kind) == (room.name, room.topic, room.kind), (seen["about"], room)
        else:
            other = next(iter(room.members - {username}), username)
            assert title == self.names[other]
        assert sorted(room.posts) == list(range(1, index + 1))
        assert 0 <= read_index <= index
        assert unread == index - read_index
        for message in seen["messages"]:
            post = room.posts[message["index"]]
            assert message["username"] == post.author
            assert message.get("content", "") == ("" if post.is_deleted else post.content)
            assert message.get("deleted", False) == post.is_deleted
            assert message.get("pinned", False) == post.is_pinned
            given = {each["emoji"]: each["usernames"] for each in message.get("reactions", [])}
            assert list(given.items()) == list(post.reactions.items())
            assert message["display_name"] == self.names[post.author]

    def _difference(self, mirror: Mirror, fresh: dict[str, Any]) -> str:
        mine = state(mirror)
        rooms = [slug for slug in {*mine, *fresh} if mine.get(slug) != fresh.get(slug)]
        found = [f"{slug}\n  has   {mine.get(slug)}\n  fresh {fresh.get(slug)}" for slug in rooms]
        return "\n".join([mirror.username, *found, "after", *self.log[-30:]])

    async def _opens(self) -> None:
        app = create_app(settings_on(self._data, limits=False))
        self.client: TestClient[Any, Any] = TestClient(TestServer(app))
        await self.client.start_server()
        self.chat: Chat = app[CHAT]


async def closed_with(mirror: Mirror) -> int | None:
    """The code with which the server ended a socket; nothing but news of before may come until then."""
    assert mirror.ear is not None
    ws, mirror.ear = mirror.ear.ws, None
    async with asyncio.timeout(20):
        while (await ws.receive()).type is WSMsgType.TEXT:
            continue
    await ws.close()
    return ws.close_code


Verb = Callable[[World], Act | None]
