"""The chat without its doors: accounts, the mail that is waiting, sockets that only note why they were closed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

from chatapp.app import open_chat
from chatapp.core.errors import ChatError
from chatapp.core.mail import Mail, decode
from chatapp.core.models import Identity, Person
from chatapp.domain.chat import Chat
from chatapp.settings import Settings
from chatapp.storage.database import Database
from chatapp.storage.sqlite import SqliteDatabase
from tests.support.engine import behind_its_back
from tests.support.time import SettableClock

PASSWORD: Final = "correct horse battery"
ADDRESS: Final = "192.0.2.1"
HERE: Final[dict[str, str]] = {"address": ADDRESS, "user_agent": "pytest"}


class Socket:
    """What the hub sees of a connection."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity
        self.closed: list[int] = []
        self.heard: list[bytes] = []

    def write(self, frames: bytes) -> bool:
        self.heard.append(frames)
        return True

    def tell(self, frame: bytes) -> None:
        self.heard.append(frame)

    def fell_behind(self, subscription: Any) -> None:
        raise AssertionError("Nobody subscribes here.")

    def removed(self, subscription: Any) -> None:
        raise AssertionError("Nobody subscribes here.")

    def end(self, code: int, reason: str) -> None:
        self.closed.append(code)


class House:
    """One chat and what its tests want of it."""

    def __init__(self, chat: Chat, settings: Settings, clock: SettableClock) -> None:
        self.chat = chat
        self.settings = settings
        self.clock = clock

    @property
    def database(self) -> Database:
        return self.chat.outbox._database

    @property
    def file(self) -> SqliteDatabase:
        """The same, for what is about a file."""
        assert isinstance(self.database, SqliteDatabase)
        return self.database

    async def person(self, username: str, *, is_admin: bool = False) -> Person:
        return await self.chat.accounts.add(
            username=username, email=f"{username}@example.org", password=PASSWORD, is_admin=is_admin
        )

    async def registers(self, username: str, *, invite: str = "", password: str = PASSWORD) -> Person:
        return await self.chat.accounts.register(
            username=username, email=f"{username}@example.org", password=password, invite=invite
        )

    async def signs_in(self, name: str, password: str = PASSWORD, *, remember: bool = True) -> Identity:
        secret, _ = await self.chat.sign_in.with_password(name, password, remember=remember, **HERE)
        identity = await self.chat.sign_in.by_session(secret)
        assert identity is not None
        return identity

    def connects(self, identity: Identity) -> Socket:
        socket = Socket(identity)
        self.chat.hub.enter(socket)
        self.chat.presence.came(socket)
        return socket

    async def letters(self) -> list[Mail]:
        """Do what the outbox holds; the mail that went out."""
        sent = []
        while job := await self.chat.outbox.next():
            payload = self.chat.outbox.payload(job)
            if job.kind == "reset":
                await self.chat.links.send_reset(payload)
            else:
                sent.append(decode(payload))
            await self.chat.outbox.done(job)
        return sent

    async def secret(self, purpose: str) -> str:
        """Of the link in the only letter."""
        (letter,) = await self.letters()
        found = re.search(rf"^https://chat\.test/{purpose}/(\S+)$", letter.body, re.MULTILINE)
        assert found, letter.body
        return found[1]

    async def reset_secret(self, email: str) -> str:
        await self.chat.links.request_reset(email)
        return await self.secret("reset")

    def rows(self, sql: str) -> list[Any]:
        """Straight from the database."""
        with behind_its_back(self.settings.database_path) as connection:
            return connection.execute(sql).fetchall()


@asynccontextmanager
async def open_house(settings: Settings, clock: SettableClock) -> AsyncIterator[House]:
    async with open_chat(settings, clock=clock) as chat:
        chat.letters.public_url = "https://chat.test"
        yield House(chat, settings, clock)


async def rooms_of(house: House, person: Person) -> list[str]:
    """Their slugs, as in the sidebar."""
    return [view.room.slug for view in await house.chat.rooms.sidebar(person)]


async def succeeded(*calls: Any) -> list[Any]:
    """The results of those that did not refuse; everything but a refusal is raised."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, ChatError):
            raise result
    return [result for result in results if not isinstance(result, ChatError)]


async def until(condition: Callable[[], bool], *, seconds: float = 30) -> None:
    """Return as soon as it is so."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for sets no event
            await asyncio.sleep(0.005)
