"""Several processes of one chat on one port: started, started again when one has ended, and drained together.

Each worker is a fresh interpreter with a line to the one that started it. It serves as long as that line is open: so it
ends when it is told to, and also when who started it was killed.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec
import structlog

import chatapp
from chatapp import logs, serving
from chatapp.settings import Settings

FIRST_PAUSE: Final = 0.5
LONGEST_PAUSE: Final = 30.0
# Whoever has run for so long did not end because of how it started.
STEADY_SECONDS: Final = 60.0
# More than a drain takes, with a mail in hand.
STOP_SECONDS: Final = 30.0

log = structlog.get_logger()


class Place(msgspec.Struct, frozen=True):
    """What a worker is told first. One of them ``complains``, or all would say the same at a start."""

    port: int
    complains: bool


class NotStarted(Exception):
    """A worker has ended before it served, and said why."""


class Worker:
    """A process, and the line to it."""

    def __init__(self, number: int, port: int) -> None:
        self.number = number
        self._port = port
        self._process: asyncio.subprocess.Process | None = None
        self._line: asyncio.StreamWriter | None = None

    async def start(self) -> str:
        """What it says once it serves. Raises :class:`NotStarted`."""
        ours, theirs = socket.socketpair()
        reader, self._line = await asyncio.open_connection(sock=ours)
        with theirs:
            self._process = await asyncio.create_subprocess_exec(
                # The code of this process, wherever it was started.
                *(sys.executable, "-P", "-m", "chatapp", "serve", "--under", str(theirs.fileno())),
                pass_fds=[theirs.fileno()],
                env={**os.environ, "PYTHONPATH": _with_ours(os.environ.get("PYTHONPATH", ""))},
                # Ctrl+C is said to this process, which passes it on.
                start_new_session=True,
            )
        self._line.write(msgspec.json.encode(Place(self._port, complains=self.number == 1)) + b"\n")
        greeting = await reader.readline()
        if not greeting:
            await self.ended()
            raise NotStarted
        return msgspec.json.decode(greeting, type=str)

    async def ended(self) -> int:
        """Its exit code, once it has ended; less than 0: the signal that ended it."""
        return await self._process.wait() if self._process else 0

    def ask_to_end(self) -> None:
        if self._line is not None:
            self._line.close()

    def kill(self) -> None:
        log.error("worker.killed", worker=self.number)
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()


async def supervise(settings: Settings, count: int) -> int:
    """Run so many workers until a signal, as :func:`chatapp.serving.serve` does; the exit code. Raises ``OSError``."""
    logs.set_up(settings)
    stop = serving.stop_asked()
    with _reserved(settings.host, settings.port) as port:
        workers = [Worker(number, port) for number in range(1, count + 1)]
        try:
            if await _unless(stop, _start(workers)):
                await _unless(stop, asyncio.gather(*map(_keep, workers)))
        except NotStarted:
            return 1
        finally:
            is_clean = await _end(workers)
    return 0 if is_clean else 1


async def _unless(stop: asyncio.Event, work: Awaitable[object]) -> bool:
    """Whether the work came to its end before the signal; what it raises is raised."""
    waiting, working = asyncio.create_task(stop.wait()), asyncio.ensure_future(work)
    await asyncio.wait([waiting, working], return_when=asyncio.FIRST_COMPLETED)
    is_done = working.done()
    waiting.cancel()
    working.cancel()
    # Not wait(): what is never asked what became of it complains when it is forgotten.
    await asyncio.gather(waiting, working, return_exceptions=True)
    if is_done:
        working.result()
    return is_done


async def _start(workers: list[Worker]) -> None:
    """The first alone: it brings the database up and complains, and what keeps it from starting would keep them all."""
    greeting = await workers[0].start()
    try:
        async with asyncio.TaskGroup() as others:
            for worker in workers[1:]:
                others.create_task(worker.start())
    except ExceptionGroup as several:
        raise several.exceptions[0] from None
    print(greeting, flush=True)


async def _keep(worker: Worker) -> None:
    """Start it again whenever it has ended, ever more slowly while that does not help."""
    loop = asyncio.get_running_loop()
    began, pause = loop.time(), FIRST_PAUSE
    while True:
        code = await worker.ended()
        if loop.time() - began >= STEADY_SECONDS:
            pause = FIRST_PAUSE
        log.error("worker.ended", worker=worker.number, code=code)
        # What it left behind: a new one has a line of its own.
        worker.ask_to_end()
        await asyncio.sleep(pause)
        began, pause = loop.time(), min(2 * pause, LONGEST_PAUSE)
        with suppress(NotStarted, OSError):
            await worker.start()
            log.warning("worker.back", worker=worker.number)


async def _end(workers: list[Worker]) -> bool:
    """Whether all of them ended by themselves."""
    for worker in workers:
        worker.ask_to_end()
    ends = [asyncio.create_task(worker.ended()) for worker in workers]
    _, pending = await asyncio.wait(ends, timeout=STOP_SECONDS)
    for worker, end in zip(workers, ends, strict=True):
        if end in pending:
            worker.kill()
    await asyncio.gather(*ends)
    return not pending


@contextmanager
def _reserved(host: str, port: int) -> Iterator[int]:
    """The port (a free one for 0), kept for processes of this user that share it. Raises ``OSError``."""
    with serving.saying_whose(host, port):
        found = dict.fromkeys(socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE))
    held: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in found:
            wanted = (address[0], port, *address[2:])
            # Alone first: a share of the port would be given beside another chat of this user, too.
            with (
                serving.saying_whose(host, port),
                _bound(family, kind, protocol, wanted, is_shared=False) as alone,
            ):
                port = alone.getsockname()[1]
            held.append(_bound(family, kind, protocol, (address[0], port, *address[2:]), is_shared=True))
        yield port
    finally:
        for each in held:
            each.close()


def _bound(family: int, kind: int, protocol: int, address: tuple[object, ...], *, is_shared: bool) -> socket.socket:
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if is_shared:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    try:
        made.bind(address)
    except OSError as error:
        made.close()
        raise OSError(error.errno, f"Port {address[1]} of {address[0]}: {os.strerror(error.errno or 0)}") from None
    return made


def _with_ours(path: str) -> str:
    return os.pathsep.join(filter(None, [str(Path(chatapp.__file__).parents[1]), path]))


# The worker itself


async def work(settings: Settings, descriptor: int) -> None:
    """Serve until that line ends, or a signal comes."""
    logs.set_up(settings)
    reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=descriptor))
    told = await reader.readline()
    if not told:
        return
    place = msgspec.json.decode(told, type=Place)
    mine = replace(settings, port=place.port)
    async with serving.serving(mine, complains=place.complains, shares_port=True) as greeting:
        stop = serving.stop_asked()
        writer.write(msgspec.json.encode(greeting) + b"\n")
        ends = [asyncio.create_task(reader.read()), asyncio.create_task(stop.wait())]
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for end in ends:
            end.cancel()
    writer.close()
