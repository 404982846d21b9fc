"""The application on its port, from the first connection to the last; one process of several, or the only one."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import stat
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp.http import HttpRequestParser

from chatapp import logs
from chatapp.app import create_app
from chatapp.keys import CHAT, GATEWAY
from chatapp.settings import Settings
from chatapp.web import unreadable
from chatapp.web.doorman import Doorman, most_connections
from chatapp.web.middlewares import safety
from chatapp.web.proxies import PROXIES

# AppRunner would keep a silent connection for an hour.
KEEPALIVE_SECONDS: Final = 15.0
# For those who are still sending what nobody will read: time to see the refusal. Ten seconds is aiohttp's own.
LINGERING_SECONDS: Final = 2.0
HTTP: Final[dict[str, Any]] = {
    "access_log": None,
    "keepalive_timeout": KEEPALIVE_SECONDS,
    "lingering_time": LINGERING_SECONDS,
    "max_line_size": unreadable.LONGEST_ADDRESS,
}
# Of requests that are under way, and as long again for those that do not end by themselves, as a download that nobody
# reads. With what sockets get, under the ten seconds after which Docker kills.
SHUTDOWN_SECONDS: Final = 2.0
# A page holds one socket open, and a few connections for everything else.
CONNECTIONS_PER_SOCKET: Final = 4
BACKLOG: Final = 1024
# So many connections are taken in one turn of the event loop; the others wait in the backlog.
COMERS_A_TURN: Final = 8
LAST_COMERS_SECONDS: Final = 0.1
# Python looks for cycles after 700 new objects, which is less than ten sockets coming in. What has lived through two
# such looks is looked at once more, three times as many objects then, which takes 2 ms of a turn; then seldom.
LOOKS: Final = (2_000, 2, 250)
ANYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, not bound to

OUTDATED: Final = "A newer version of chatapp has taken the database over. Start that one here too."
# Both have let strangers do harm before: CVE-2025-69227 under -O, smuggled requests with the parser written in Python.
OPTIMIZED: Final = "Python runs with -O, which takes checks out of libraries. Start it without -O and PYTHONOPTIMIZE."
SLOW_PARSER: Final = (
    "aiohttp runs without its parser in C. Unset AIOHTTP_NO_EXTENSIONS, or install aiohttp again from a wheel."
)
PRIVILEGED: Final = "A port below 1024 is for a proxy before the chat, which has one from 1024 on."

log = structlog.get_logger()


class TakenOver(Exception):
    """A newer version serves this chat."""


class Unfit(Exception):
    """This Python is not one to meet strangers with."""


async def serve(settings: Settings) -> None:
    """As the only process of this chat on the machine. Raises what :func:`chatapp.app.create_app` does."""
    logs.set_up(settings)
    async with serving(settings) as greeting:
        # Before anybody is told that it runs, and so may stop it.
        stop = stop_asked()
        print(greeting, flush=True)
        await stop.wait()


@asynccontextmanager
async def serving(settings: Settings, *, complains: bool = True, shares_port: bool = False) -> AsyncIterator[str]:
    """The chat on its port until the block ends, then drained: sockets are closed with 1012, what was answered is on
    disk. Yields what to say to whoever has started it. A newer version that takes the database over ends the process
    as SIGTERM does, and then :class:`TakenOver` is raised.

    ``complains``: what is doubtful is logged. ``shares_port``: with other processes of the same user. Raises
    :class:`Unfit` before anything is touched.
    """
    refuse_unfit()
    for warning in [*settings.warnings(), *_doubts(settings.data)] if complains else ():
        log.warning("settings.warning", detail=warning)
    app = create_app(settings, complains=complains)
    server = web.AppRunner(app, shutdown_timeout=SHUTDOWN_SECONDS, **HTTP)
    try:
        await server.setup()
        for risk in await app[CHAT].housekeeping.risks() if complains else ():
            log.warning("settings.warning", detail=risk)
        listener = await _listen(app, server, settings, shares_port=shares_port)
        port = listener.sockets[0].getsockname()[1]
        app[CHAT].letters.public_url = url = settings.base_url or f"http://{_reachable(settings.host)}:{port}"
        if complains and not settings.base_url and settings.host in ANYWHERE:
            log.warning("settings.warning", detail=f"CHATAPP_BASE_URL is not set: links in mail begin with {url}.")
        greeting = await _greeting(app, settings, url)
        _keep_what_is_here()
        outdated = app[CHAT].housekeeping.outdated
        watching = asyncio.create_task(_end_with(outdated))
        try:
            yield greeting
        finally:
            watching.cancel()
        # Before the clean-up, from whose beginning on aiohttp hears no socket's goodbye any more.
        await app[GATEWAY].drain()
        listener.close()
        # Who came last still gets an answer. The clean-up would wait for the request of a connection
        # that it found just accepted, having stopped to read from it.
        await asyncio.sleep(LAST_COMERS_SECONDS)
        if outdated.is_set():
            raise TakenOver(OUTDATED)
    finally:
        await server.cleanup()


async def _end_with(outdated: asyncio.Event) -> None:
    await outdated.wait()
    signal.raise_signal(signal.SIGTERM)


async def _listen(
    app: web.Application, server: web.AppRunner, settings: Settings, *, shares_port: bool
) -> asyncio.Server:
    """On the port, with a doorman in front of aiohttp."""
    assert server.server is not None  # noqa: S101 - set up before
    doorman = Doorman(
        unreadable.handlers(
            server.server, safety(is_https=settings.is_https), patience=settings.stalled_seconds, **HTTP
        ),
        per_address=CONNECTIONS_PER_SOCKET * settings.sockets_per_address if settings.limits else None,
        most=most_connections(),
        is_exempt=app[PROXIES].is_trusted,
    )
    with saying_whose(settings.host, settings.port):
        return await taking_few(doorman, settings.host, settings.port, shares_port=shares_port)


async def taking_few(
    let_in: Callable[[], asyncio.Protocol], host: str, port: int, *, shares_port: bool = False
) -> asyncio.Server:
    """Listen for those that ``let_in`` serves, and take a few of them in one turn of the loop. Raises ``OSError``."""
    # Shared, the kernel gives each connection to one of the processes that listen, evenly.
    listener = await asyncio.get_running_loop().create_server(
        let_in, host, port, backlog=COMERS_A_TURN, reuse_port=shares_port or None
    )
    for each in listener.sockets:
        # asyncio takes as many at once as the backlog is said to be long.
        with socket.socket(fileno=os.dup(each.fileno())) as same:
            same.listen(BACKLOG)
    return listener


@contextmanager
def saying_whose(host: str, port: int) -> Iterator[None]:
    """That a name is not known, says a resolver; this says which, and whose; of a port as well. Raises ``OSError``."""
    try:
        yield
    except socket.gaierror as error:
        raise OSError(error.errno, f"CHATAPP_HOST is {host!r}: {error.strerror}") from None
    except PermissionError:
        raise OSError(f"CHATAPP_PORT is {port}: this user may not listen there. {PRIVILEGED}") from None


def _keep_what_is_here() -> None:
    """What a start has made stays until the end: no search for garbage goes through it again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*LOOKS)


def refuse_unfit() -> None:
    """Raise :class:`Unfit` where this Python lacks what protects the chat from strangers."""
    if not __debug__:
        raise Unfit(OPTIMIZED)
    if HttpRequestParser.__module__ != "aiohttp._http_parser":
        raise Unfit(SLOW_PARSER)


def _doubts(data: Path) -> Iterator[str]:
    """A sentence about who may look into the data folder."""
    if data.is_dir() and (mode := stat.S_IMODE(data.stat().st_mode)) & (stat.S_IRWXG | stat.S_IRWXO):
        yield f"{data} is open to other users of this machine (its mode is {mode:04o}). Run: chmod 700 {data}"


async def _greeting(app: web.Application, settings: Settings, url: str) -> str:
    accounts = app[CHAT].accounts
    lines = [f"chatapp is running on  {url}"]
    if await accounts.is_empty():
        lines.append(f"Make the first account  {url}/setup?code={accounts.setup_code}")
    lines.append(f"Data is kept in         {settings.data.resolve()}")
    lines.append("Stop it with            Ctrl+C")
    return "\n".join(lines)


def _reachable(host: str) -> str:
    """The host as it stands in a URL; one that means every address is reached by this machine's own."""
    if host in ANYWHERE:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def stop_asked() -> asyncio.Event:
    """Set by the first SIGINT or SIGTERM, or by the end of the terminal unless that is to be ignored (nohup)."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop.set)
    return stop
