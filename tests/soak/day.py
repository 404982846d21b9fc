"""Clients that listen, leave and come back to a process of its own, while a few of them speak."""

from __future__ import annotations

import asyncio
import random
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from tests.faults.crowd import ROOMS, populate
from tests.faults.figures import descriptors, resident_mib
from tests.faults.line import Line, Said
from tests.faults.recorder import Address, Client
from tests.support.house import until
from tests.support.server import Server

SAMPLES: Final = 100
SAY_EVERY: Final = 10
# Caches fill and the allocator finds its size: the first fifth is not judged.
WARM_UP: Final = SAMPLES // 5
MIB_AN_HOUR: Final = 1.0
SHORTEST_SECONDS: Final = 1800.0
# A client that is just leaving and its successor.
MORE_DESCRIPTORS: Final = 20
SETTLE_SECONDS: Final = 60.0
COMPLAINTS: Final = ("Traceback", "never retrieved", "[error", "[critical", "unclosed", "Warning:")


class Sample(NamedTuple):
    """``at``: seconds since the beginning."""

    at: float
    mib: float
    descriptors: int


def slope(samples: Sequence[Sample]) -> float:
    """MiB an hour, by least squares."""
    return statistics.linear_regression([each.at / 3600 for each in samples], [each.mib for each in samples]).slope


def is_long(samples: Sequence[Sample]) -> bool:
    """Whether memory has had the time to show a slope: what fills a cache in a minute is none."""
    return samples[-1].at - samples[0].at >= SHORTEST_SECONDS


class Resident(Client):
    """Hears every room, keeps the version it has got to and nothing else, and counts what is missing between."""

    def __init__(self, address: Address, token: str, name: str) -> None:
        super().__init__(address, token, name)
        self.versions = dict.fromkeys(ROOMS, 0)
        self.epoch = ""
        self.heard = 0
        self.holes = 0
        self.line: Line | None = None

    async def talk(self, line: Line) -> None:
        for number, room in enumerate(ROOMS):
            line.send("subscribe", room=room, ref=number, after=self.versions[room], epoch=self.epoch)
        self.line = line
        while True:
            self.hears(await line.receive())

    def hears(self, said: Said) -> None:
        if said.event == "messages":
            for message in said.messages:
                self.holes += message.version != self.versions[said.room] + 1
                self.versions[said.room] = message.version
            self.heard += len(said.messages)
        elif said.room and said.epoch:
            self.versions[said.room], self.epoch = said.version, said.epoch

    def says(self, room: str, text: str) -> None:
        if self.line is not None:
            self.line.send("sendMessage", room=room, content=text, ref=-1)

    def leaves(self) -> None:
        if self.line is not None:
            self.line.cut()


class Day:
    """One run; ``findings`` say what was not as it should be."""

    def __init__(self, data: Path, *, clients: int, returns: float, messages: float) -> None:
        self.server = Server(data, LIMITS="off")
        self.findings: list[str] = []
        self.samples: list[Sample] = []
        self.people: list[Resident] = []
        self.spoken = 0
        self._clients = clients
        self._paces: tuple[tuple[float, Callable[[], None]], ...] = ((returns, self._leave), (messages, self._speak))

    def __str__(self) -> str:
        judged = self.samples[WARM_UP:]
        first, last = judged[0], judged[-1]
        seen = f"{sum(p.connects for p in self.people):,} connections, {sum(p.heard for p in self.people):,} deliveries"
        growth = f"{slope(judged):+.2f} MiB an hour" if is_long(judged) else "too short a run to say more"
        lines = [
            f"{self._clients} clients for {last.at / 3600:.2f} h: {seen} of {self.spoken:,} messages",
            f"memory {first.mib:.1f} -> {last.mib:.1f} MiB, {growth}",
            f"descriptors {first.descriptors} -> {last.descriptors}",
        ]
        return "\n".join([*lines, *self.findings, f"{len(self.findings)} findings"])

    async def lasts(self, seconds: float, *, say: Callable[[str], None]) -> None:
        """The whole run, from the first connection to the audit at the end."""
        tokens = await populate(self.server.data)
        tasks: list[asyncio.Task[None]] = []
        try:
            await self.server.start()
            address = Address()
            address.port = self.server.port
            self.people = [Resident(address, tokens[n % len(tokens)], f"r{n}") for n in range(self._clients)]
            tasks = [asyncio.create_task(person.run()) for person in self.people]
            await until(lambda: all(person.epoch for person in self.people), seconds=SETTLE_SECONDS)
            tasks += [asyncio.create_task(self._keep(pace, act)) for pace, act in self._paces]
            await self._watch(seconds, say)
            for acting in tasks[len(self.people) :]:
                acting.cancel()
            await self._judge()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.server.kill()

    async def _keep(self, pace: float, act: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(random.expovariate(pace))
            act()

    def _leave(self) -> None:
        random.choice(self.people).leaves()

    def _speak(self) -> None:
        self.spoken += 1
        random.choice(self.people).says(
            random.choice(ROOMS), f"message {self.spoken} " + "word " * random.randrange(40)
        )

    async def _watch(self, seconds: float, say: Callable[[str], None]) -> None:
        began = time.monotonic()
        for number in range(SAMPLES):
            await asyncio.sleep(max(0.0, began + (number + 1) * seconds / SAMPLES - time.monotonic()))
            pid = self.server.pid
            self.samples.append(Sample(time.monotonic() - began, resident_mib(pid), descriptors(pid)))
            self._listen_to_the_log()
            if number % SAY_EVERY == 0:
                say(f"{self.samples[-1]}")

    def _listen_to_the_log(self) -> None:
        self.findings += [line for line in self.server.output if any(word in line for word in COMPLAINTS)]
        self.server.output.clear()

    async def _judge(self) -> None:
        """Everybody hears the end; then memory, descriptors, log and database are looked at."""
        judged = self.samples[WARM_UP:]
        await until(lambda: len({tuple(p.versions.values()) for p in self.people}) == 1, seconds=SETTLE_SECONDS)
        if holes := sum(person.holes for person in self.people):
            self.findings.append(f"{holes} holes between what was heard")
        if is_long(judged) and slope(judged) > MIB_AN_HOUR:
            self.findings.append(f"memory grows by {slope(judged):.2f} MiB an hour")
        if max(each.descriptors for each in judged[-WARM_UP:]) > judged[0].descriptors + MORE_DESCRIPTORS:
            self.findings.append("descriptors grow")
        if await self.server.stop() != 0:
            self.findings.append("the server did not stop with 0")
        self._listen_to_the_log()
        await self.server.run("audit")
