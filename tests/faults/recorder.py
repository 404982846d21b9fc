"""Clients that press on a server and write down what they were told: writers, listeners, and one that is away."""

from __future__ import annotations

import asyncio
import random
from array import array
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from tests.faults.line import Gone, Heard, Line, Refused, Said

# A client waits 1 s to 30 s (docs/protocol.md); here the same jitter, in a hurry.
SHORTEST, LONGEST = 0.05, 0.5
PAUSE: Final = 0.02
PAGE: Final = 200


class Address:
    """Where the server is; set once it has started."""

    port: int = 0

    def __init__(self) -> None:
        # Set whenever anything is answered.
        self.answered = asyncio.Event()


class Client:
    """Connects, talks until the connection ends, and comes back after a jittered exponential delay."""

    def __init__(self, address: Address, token: str, name: str) -> None:
        self.address = address
        self.token = token
        self.name = name
        self.connects = 0
        self.codes: list[int | None] = []
        self.turned_away: list[str] = []
        self.is_over = False

    async def run(self) -> None:
        """Until it is over and nothing is left to do."""
        tries = 0
        while not self.is_done:
            try:
                line = await self.opens()
            except (OSError, Refused, TimeoutError) as error:
                if isinstance(error, Refused):
                    self.turned_away.append(error.head)
                await asyncio.sleep(random.uniform(0, min(LONGEST, SHORTEST * 2**tries)))
                tries += 1
                continue
            tries, self.connects = 0, self.connects + 1
            try:
                await self.talk(line)
            except Gone as gone:
                self.codes.append(gone.code)
            finally:
                line.cut()

    async def opens(self) -> Line:
        """The next connection."""
        return await Line.open(self.address.port, self.token)

    @property
    def is_done(self) -> bool:
        return self.is_over

    async def talk(self, line: Line) -> None:
        """Until the connection ends (:class:`Gone`) or there is nothing more to say."""
        raise NotImplementedError


class Wanted(msgspec.Struct):
    """One thing a writer wants done; sent again, as it is, until it is answered."""

    action: str
    fields: dict[str, Any]
    tries: int = 0

    @property
    def key(self) -> str:
        return str(self.fields.get("client_id", ""))


class Writer(Client):
    """Numbers its posts and changes some of them. Remembers every answer.

    One that ``insists`` sends a refused message again until it is taken; the others go on to the next.
    """

    def __init__(
        self, address: Address, token: str, name: str, room: str, *, changes: bool = True, insists: bool = True
    ) -> None:
        super().__init__(address, token, name)
        self.room = room
        self.sent: dict[str, str] = {}
        self.answered: dict[str, Heard] = {}
        self.final: dict[int, Heard] = {}
        self.told: list[Heard] = []
        self.refused: dict[str, str] = {}
        self.refusals = 0
        self.resent = 0
        self.slowest = 0.0
        self.wrong: list[str] = []
        self._changes = changes
        self._insists = insists
        self._count = 0
        self._wanted: Wanted | None = None

    @property
    def is_done(self) -> bool:
        return self.is_over and self._wanted is None

    @property
    def posts(self) -> int:
        return len(self.sent)

    async def talk(self, line: Line) -> None:
        await line.receive()
        while not self.is_done:
            wanted = self._wanted = self._wanted or self._next()
            self.resent += wanted.tries > 0
            wanted.tries += 1
            began = asyncio.get_running_loop().time()
            line.send(wanted.action, room=self.room, ref=wanted.tries, **wanted.fields)
            answer = await line.receive()
            while answer.event:
                # It says that it will go: the goodbye comes next.
                answer = await line.receive()
            self.slowest = max(self.slowest, asyncio.get_running_loop().time() - began)
            if not self._take(wanted, answer):
                await asyncio.sleep(PAUSE)

    def _next(self) -> Wanted:
        self._count += 1
        mine = list(self.final)[-3:] if self._changes and self._count % 2 == 0 else []
        alive = [index for index in mine if not self.final[index].deleted]
        if alive and self._count % 12 == 0:
            return Wanted("deleteMessage", {"index": alive[0]})
        if alive and self._count % 4 == 0:
            return Wanted("editMessage", {"index": alive[-1], "content": f"{self.name} means {self._count}"})
        if alive:
            return self._mark(self.final[alive[-1]])
        key = f"{self.name}-{self._count}"
        self.sent[key] = f"{self.name} says {self._count}"
        return Wanted("sendMessage", {"content": self.sent[key], "client_id": key})

    def _mark(self, message: Heard) -> Wanted:
        """React or take it back, or move the pin, of which there is one: a room has an end of them."""
        if self._count % 8 == 2:
            action = "removeReaction" if message.reactions else "addReaction"
            return Wanted(action, {"index": message.index, "emoji": "👍"})
        pinned = [index for index, known in self.final.items() if known.pinned]
        return (
            Wanted("unpinMessage", {"index": pinned[0]}) if pinned else Wanted("pinMessage", {"index": message.index})
        )

    def _take(self, wanted: Wanted, answer: Said) -> bool:
        """Write the answer down; False when the same is to be tried again."""
        if answer.ok and answer.message is not None:
            self._note(wanted, answer.message)
        elif answer.error is not None and answer.error.code == "unavailable":
            self.refusals += 1
            if self._insists:
                return False
            self.refused[wanted.key] = answer.error.code
        elif not (answer.error and answer.error.code == "not_found" and wanted.tries > 1):
            # Only a deletion that was done, but not answered, before the connection ended finds nothing.
            self.wrong.append(f"{wanted.action} {wanted.fields} was answered {answer.error}")
        elif wanted.action == "deleteMessage":
            gone = self.final[wanted.fields["index"]]
            self.final[gone.index] = Heard(gone.index, 0, gone.username, deleted=True, client_id=gone.client_id)
        self._wanted = None
        return True

    def _note(self, wanted: Wanted, message: Heard) -> None:
        if wanted.action == "sendMessage":
            self.answered[wanted.key] = message
        self.final[message.index] = message
        self.told.append(message)
        self.address.answered.set()


class Ear:
    """What one listener was told of one room, in the order it came, and what it makes of it."""

    def __init__(self) -> None:
        self.version = 0
        self.epoch = ""
        self.versions = array("q")
        self.prints = array("q")
        # Answers to subscribe: how much had been heard before, the version asked after, the top, is it complete.
        self.answers: list[tuple[int, int, int, bool]] = []
        self.state: dict[int, Heard] = {}
        # From here on it has read everything; news of what is older can come before that has been read back.
        self.lowest = 1

    def answer(self, said: Said) -> None:
        self.answers.append((len(self.versions), self.version, said.version, said.complete))
        if not said.complete:
            self.state.clear()
            self.state.update((message.index, message) for message in said.messages)
            self.lowest = min(self.state, default=1)
        else:
            self.news(said.messages)
        self.version, self.epoch = said.version, said.epoch

    def news(self, messages: Sequence[Heard]) -> None:
        for message in messages:
            self.versions.append(message.version)
            self.prints.append(fingerprint(message))
            # As it comes: a client that trusts the order must end up right.
            self.state[message.index] = message
            self.version = message.version

    def older(self, messages: Sequence[Heard]) -> None:
        """History from below the newest page, read after a gap."""
        self.lowest = min((message.index for message in messages), default=1)
        for message in messages:
            if message.version > self.state.get(message.index, message).version or message.index not in self.state:
                self.state[message.index] = message


class Listener(Client):
    """Hears some rooms, and resumes where it was; a gap that it is told of it fills by reading back."""

    def __init__(self, address: Address, token: str, name: str, rooms: Sequence[str]) -> None:
        super().__init__(address, token, name)
        self.rooms = list(rooms)
        self.ears = {room: Ear() for room in rooms}
        self.early: list[str] = []
        self._line: Line | None = None

    async def talk(self, line: Line) -> None:
        self._line, heard = line, set[str]()
        for number, room in enumerate(self.rooms):
            ear = self.ears[room]
            line.send("subscribe", room=room, ref=number, after=ear.version, epoch=ear.epoch)
        while True:
            said = await line.receive()
            if said.event == "messages":
                if said.room not in heard:
                    self.early.append(said.room)
                self.ears[said.room].news(said.messages)
            elif said.ref is not None and said.room:
                heard.add(said.room)
                self.ears[said.room].answer(said)
                self._read_back(line, said.room)
            elif said.ref is not None:
                room = self.rooms[said.ref]
                self.ears[room].older(said.messages)
                if said.messages:
                    self._read_back(line, room)

    def leaves(self) -> None:
        """Hang up in the middle; it comes back by itself unless it is over."""
        if self._line is not None:
            self._line.cut()

    def _read_back(self, line: Line, room: str) -> None:
        lowest = self.ears[room].lowest
        if lowest > 1:
            line.send("getRecentMessages", room=room, ref=self.rooms.index(room), before=lowest, limit=PAGE)

    def knows_up_to(self, tops: dict[str, int]) -> bool:
        """Whether it has heard everything there is, and has read back what it had to."""
        return all(ear.version >= tops[room] and ear.lowest == 1 for room, ear in self.ears.items())


def fingerprint(message: Heard) -> int:
    """What a version says; equal wherever it is heard."""
    return hash((message.index, message.content, message.deleted, message.reactions, message.pinned))
