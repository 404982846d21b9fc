"""A server and everybody who presses on it, from the first connection to the verdict."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import msgspec
from aiohttp import ClientSession

from chatapp.app import open_chat
from chatapp.settings import Settings
from tests.faults.checker import Log, violations
from tests.faults.line import Heard
from tests.faults.recorder import Address, Listener, Writer
from tests.support.engine import settings_on
from tests.support.house import PASSWORD, until
from tests.support.server import Server

ROOMS: Final = ("general", "ops", "design", "random", "support")
PEOPLE: Final = 10
SETTLE_SECONDS: Final = 60.0


async def populate(data: Path, rooms: Sequence[str] = ROOMS, *, settings: Settings | None = None) -> list[str]:
    """Put people who are in every room into a data folder; a token of each."""
    found = []
    async with open_chat(settings or settings_on(data)) as chat:
        for number in range(PEOPLE):
            person = await chat.accounts.add(
                username=f"p{number}", email=f"p{number}@example.org", password=PASSWORD, is_admin=number == 0
            )
            for room in rooms[1:]:
                if number == 0:
                    await chat.rooms.create(person, name=room, kind="open")
                else:
                    await chat.memberships.join(person, room)
            found.append((await chat.sign_in.create_token(person, "faults", None))[1])
    return found


class Crowd:
    """Writers and listeners of one server, and one client who heard the beginning and was away ever since."""

    def __init__(
        self, server: Server, tokens: Sequence[str], *, writers: int, listeners: int, rooms: Sequence[str], **kind: Any
    ) -> None:
        self.server = server
        self.address = Address()
        self.token = tokens[0]
        self.rooms = rooms
        self.writers = [
            Writer(self.address, tokens[n % len(tokens)], f"w{n}", rooms[n % len(rooms)], **kind)
            for n in range(writers)
        ]
        self.listeners = [Listener(self.address, tokens[n % len(tokens)], f"l{n}", rooms) for n in range(listeners)]
        self.away = Listener(self.address, self.token, "away", rooms)
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def answers(self) -> int:
        return sum(len(writer.told) for writer in self.writers)

    def total(self, name: str) -> int:
        """The sum of that number over all writers."""
        return sum(int(getattr(writer, name)) for writer in self.writers)

    async def come(self, port: int = 0) -> None:
        """Everybody connects, by another ``port`` where one is given; one leaves for good after a first look."""
        self.address.port = port or self.server.port
        first_look = asyncio.create_task(self.away.run())
        await until(lambda: all(ear.answers for ear in self.away.ears.values()))
        self.away.is_over = True
        self.away.leaves()
        await first_look
        self._tasks = [asyncio.create_task(client.run()) for client in (*self.listeners, *self.writers)]

    async def next_answer(self) -> float:
        """Wait for one more answer than there is; how many seconds that took."""
        began, before = time.monotonic(), self.answers
        await until(lambda: self.answers > before, seconds=SETTLE_SECONDS)
        return time.monotonic() - began

    async def is_cut_off(self) -> None:
        """Return once every writer knows that its connection is over."""
        await until(lambda: all(len(writer.codes) == writer.connects for writer in self.writers))

    @property
    def losses(self) -> int:
        """How many connections have ended."""
        return sum(len(client.codes) for client in (*self.listeners, *self.writers))

    async def is_back(self, losses: int) -> float:
        """Wait until more have ended than so many, and everybody has another; how many seconds that took."""
        began, everybody = time.monotonic(), (*self.listeners, *self.writers)
        await until(
            lambda: self.losses > losses and all(len(client.codes) < client.connects for client in everybody),
            seconds=SETTLE_SECONDS,
        )
        return time.monotonic() - began

    async def at_an_answer(self) -> None:
        """Return in the very moment in which something has been answered."""
        self.address.answered.clear()
        await asyncio.wait_for(self.address.answered.wait(), SETTLE_SECONDS)

    async def verdict(self) -> list[str]:
        """The writers finish, everybody catches up, who was away comes back: which promises were broken."""
        for writer in self.writers:
            writer.is_over = True
        await asyncio.wait_for(asyncio.gather(*self._tasks[len(self.listeners) :]), SETTLE_SECONDS)
        self.away.is_over = False
        self._tasks.append(asyncio.create_task(self.away.run()))
        log = await self.log()
        tops = {room: max((m.version for m in messages), default=0) for room, messages in log.items()}
        everyone = [*self.listeners, self.away]
        try:
            await until(lambda: all(listener.knows_up_to(tops) for listener in everyone), seconds=SETTLE_SECONDS)
        except TimeoutError:
            behind = [listener.name for listener in everyone if not listener.knows_up_to(tops)]
            return [f"Not caught up in {SETTLE_SECONDS} s: {behind}", *violations(self.writers, everyone, log)]
        return violations(self.writers, everyone, log)

    async def log(self) -> Log:
        """Every room, read afresh to the end."""
        async with ClientSession(headers={"Authorization": f"Bearer {self.token}"}) as session:
            return {room: await self._room(session, room) for room in self.rooms}

    async def _room(self, session: ClientSession, room: str) -> list[Heard]:
        found: list[Heard] = []
        while True:
            after = found[-1].index if found else 0
            url = f"{self.server.url}/api/v1/rooms/{room}/messages?after={after}&limit=100"
            async with session.get(url) as answer:
                page = msgspec.convert((await answer.json())["messages"], list[Heard])
            if not page:
                return found
            found += page

    async def go(self) -> None:
        for client in (*self.listeners, *self.writers, self.away):
            client.is_over = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def pressed(
    server: Server,
    tokens: Sequence[str],
    *,
    writers: int = 200,
    listeners: int = 20,
    rooms: Sequence[str] = ROOMS,
    **kind: Any,
) -> AsyncIterator[Crowd]:
    """A started server with its crowd; both are gone at the end."""
    crowd = Crowd(server, tokens, writers=writers, listeners=listeners, rooms=rooms, **kind)
    try:
        await server.start()
        await crowd.come()
        yield crowd
    except AssertionError:
        # Why it answered as it did is in its log alone.
        print(*(line for line in server.output if "[info" not in line), sep="\n")
        raise
    finally:
        await crowd.go()
        await server.kill()
