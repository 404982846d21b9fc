"""Puts everything together, in reading order; the only file that knows all floors."""

from __future__ import annotations

import asyncio
import signal
import stat
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog
from aiohttp import web
from aiohttp.http import HttpRequestParser

from chatapp import logs
from chatapp import web as pages
from chatapp.core.clock import Clock, system_clock
from chatapp.core.limits import Limits
from chatapp.core.passwords import Hasher
from chatapp.domain.access import Access
from chatapp.domain.accounts import Accounts
from chatapp.domain.audit_log import AuditLog
from chatapp.domain.chat import Chat
from chatapp.domain.housekeeping import Housekeeping
from chatapp.domain.invites import Invites
from chatapp.domain.letters import Letters
from chatapp.domain.links import Links
from chatapp.domain.memberships import Memberships
from chatapp.domain.messages import Messages
from chatapp.domain.news import DIFFER, News
from chatapp.domain.outbox import Outbox
from chatapp.domain.passwords import Passwords
from chatapp.domain.rooms import Rooms
from chatapp.domain.sign_in import SignIn
from chatapp.domain.tickets import Tickets
from chatapp.gateway import endpoint
from chatapp.gateway.endpoint import Gateway
from chatapp.jobs.housekeeping import Housekeeper
from chatapp.jobs.mail import Postman
from chatapp.jobs.runner import Runner
from chatapp.keys import CHAT, GATEWAY, SETTINGS
from chatapp.realtime.bus import Bus
from chatapp.realtime.hub import Hub
from chatapp.realtime.typing import TypingBoard
from chatapp.settings import Settings
from chatapp.storage import audit_log, secrets
from chatapp.storage.database import Database
from chatapp.storage.journal import Journal
from chatapp.storage.messages import Log
from chatapp.storage.opening import opened
from chatapp.storage.secrets import Secrets
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
}
SHUTDOWN_SECONDS: Final = 5.0
# A page holds one socket open, and a few connections for everything else.
CONNECTIONS_PER_SOCKET: Final = 4
BACKLOG: Final = 1024
LAST_COMERS_SECONDS: Final = 0.1
ANYWHERE: Final = frozenset({"0.0.0.0", "::", ""})  # noqa: S104 - compared with, not bound to

log = structlog.get_logger()


def create_app(settings: Settings, *, clock: Clock = system_clock) -> web.Application:
    """The whole chat as one application; opening and closing happen at its start-up and clean-up.

    Raises ``AlreadyRunning`` at start-up when another process holds the data folder, and ``Unusable`` when its
    database is not one to go on with.
    """
    kept = secrets.load(settings.data)
    app = web.Application()
    app[SETTINGS] = settings

    async def run(app: web.Application) -> AsyncIterator[None]:
        async with (
            open_chat(settings, clock=clock) as chat,
            Runner(chat.outbox, {"mail": Postman(settings).deliver, "reset": chat.links.send_reset}),
            Housekeeper(chat.housekeeping),
        ):
            for risk in await chat.housekeeping.risks():
                log.warning("settings.warning", detail=risk)
            app[CHAT] = chat
            app[GATEWAY] = Gateway(chat)
            yield

    async def drain(app: web.Application) -> None:
        await app[GATEWAY].drain()

    app.cleanup_ctx.append(run)
    app.on_shutdown.append(drain)
    pages.setup(app, session_keys=kept.session_keys, csrf_keys=kept.csrf_keys)
    endpoint.setup_routes(app)
    return app


@asynccontextmanager
async def open_chat(settings: Settings, *, clock: Clock = system_clock) -> AsyncIterator[Chat]:
    """The chat on its database: held, migrated, opened; closed in reverse order."""
    kept = secrets.load(settings.data)
    async with opened(settings, clock) as found:
        hub, rows = Hub(), Log(found.database)
        are_others = await audit_log.note_new_keys(found.database, kept.fingerprint)
        if are_others and found.database.is_shared:
            log.warning("secrets.differ", detail=f"{settings.data / secrets.FILE} is not what was here last. {DIFFER}")
        news = News(database=found.database, hub=hub, log=rows, bus=bus_of(settings, kept), keys=kept.fingerprint)
        journal = Journal(found.database, rows.tails, news.committed, found.mark)
        async with news.running(), journal.running():
            yield assemble(settings, kept, found.database, hub, rows, journal, news, found.epoch)


def bus_of(settings: Settings, kept: Secrets) -> Bus | None:
    """What carries news between processes; None where there is but one. Each library is an extra."""
    if not settings.database_url:
        return None
    if settings.redis_url:
        from chatapp.realtime.redis_bus import RedisBus

        # Others may use the same server, another chat too.
        return RedisBus(settings.redis_url, f"chatapp:{kept.fingerprint[:16]}")
    from chatapp.realtime.postgres_bus import PostgresBus
    from chatapp.storage.postgres_channel import channel

    return PostgresBus(partial(channel, settings.database_url))


def assemble(
    settings: Settings, kept: Secrets, database: Database, hub: Hub, log: Log, journal: Journal, news: News, epoch: str
) -> Chat:
    """The nouns, each with what it uses."""
    limits, hasher = Limits(settings, database.clock), Hasher(settings.password_memory_kib)
    access, outbox = Access(database), Outbox(database=database, secrets=kept)
    passwords = Passwords(database=database, limits=limits, hasher=hasher, secrets=kept)
    letters = Letters(database=database, outbox=outbox, limits=limits, settings=settings)
    shared = dict[str, Any](database=database, news=news, limits=limits, passwords=passwords)
    sign_in = SignIn(secrets=kept, settings=settings, **shared)
    return Chat(
        settings=settings,
        access=access,
        accounts=Accounts(hub=hub, letters=letters, settings=settings, **shared),
        links=Links(letters=letters, outbox=outbox, **shared),
        letters=letters,
        sign_in=sign_in,
        tickets=Tickets(database=database, limits=limits),
        invites=Invites(database=database, limits=limits, settings=settings),
        rooms=Rooms(database=database, access=access, news=news, limits=limits),
        memberships=Memberships(database=database, access=access, news=news, limits=limits),
        messages=Messages(
            database=database,
            access=access,
            log=log,
            journal=journal,
            hub=hub,
            typing=TypingBoard(news, database.clock),
            limits=limits,
            settings=settings,
            epoch=epoch,
        ),
        audit_log=AuditLog(database=database),
        outbox=outbox,
        housekeeping=Housekeeping(database=database, news=news, sign_in=sign_in, settings=settings),
        limits=limits,
        hub=hub,
        epoch=epoch,
    )


@asynccontextmanager
async def offline(settings: Settings) -> AsyncIterator[Chat]:
    """The chat without a server, for the command line."""
    async with open_chat(settings) as chat:
        yield chat


async def serve(settings: Settings) -> None:
    """Run until SIGINT, SIGTERM or SIGHUP, then drain: sockets are closed with 1012, what was answered is on disk."""
    logs.set_up(settings)
    for warning in [*settings.warnings(), *_doubts(settings.data)]:
        log.warning("settings.warning", detail=warning)
    app = create_app(settings)
    server = web.AppRunner(app, shutdown_timeout=SHUTDOWN_SECONDS, **HTTP)
    try:
        await server.setup()
        listener = await _listen(app, server, settings)
        # Before anybody is told that it runs, and so may stop it.
        stop = _stop_asked()
        await _announce(app, settings, listener.sockets[0].getsockname()[1])
        await stop.wait()
        # Before the clean-up, from whose beginning on aiohttp hears no socket's goodbye any more.
        await app[GATEWAY].drain()
        listener.close()
        # Who came last still gets an answer. The clean-up would wait five seconds for the request of a connection
        # that it found just accepted, having stopped to read from it.
        await asyncio.sleep(LAST_COMERS_SECONDS)
    finally:
        await server.cleanup()


async def _listen(app: web.Application, server: web.AppRunner, settings: Settings) -> asyncio.Server:
    """On the port, with a doorman in front of aiohttp."""
    assert server.server is not None  # noqa: S101 - set up before
    doorman = Doorman(
        unreadable.handlers(server.server, safety(is_https=settings.is_https), **HTTP),
        per_address=CONNECTIONS_PER_SOCKET * settings.sockets_per_address if settings.limits else None,
        most=most_connections(),
        is_exempt=app[PROXIES].is_trusted,
    )
    loop = asyncio.get_running_loop()
    return await loop.create_server(doorman, settings.host, settings.port, backlog=BACKLOG)


def _doubts(data: Path) -> Iterator[str]:
    """Sentences about how this Python was started, and about who may look into the data folder."""
    if data.is_dir() and (mode := stat.S_IMODE(data.stat().st_mode)) & (stat.S_IRWXG | stat.S_IRWXO):
        yield f"{data} is open to other users of this machine (its mode is {mode:04o}). Run: chmod 700 {data}"
    if HttpRequestParser.__module__ != "aiohttp._http_parser":
        yield "aiohttp runs without its compiled parser; the other one has let smuggled requests through before."
    if not __debug__:
        yield "Python runs with -O, under which libraries have lost their checks before."


async def _announce(app: web.Application, settings: Settings, port: int) -> None:
    accounts = app[CHAT].accounts
    app[CHAT].letters.public_url = url = settings.base_url or f"http://{_reachable(settings.host)}:{port}"
    if not settings.base_url and settings.host in ANYWHERE:
        log.warning("settings.warning", detail=f"CHATAPP_BASE_URL is not set: links in mail begin with {url}.")
    lines = [f"chatapp is running on  {url}"]
    if await accounts.is_empty():
        lines.append(f"Make the first account  {url}/setup?code={accounts.setup_code}")
    lines.append(f"Data is kept in         {settings.data.resolve()}")
    lines.append("Stop it with            Ctrl+C")
    print("\n".join(lines), flush=True)


def _reachable(host: str) -> str:
    """The host as it stands in a URL; one that means every address is reached by this machine's own."""
    if host in ANYWHERE:
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _stop_asked() -> asyncio.Event:
    """Set by the first SIGINT or SIGTERM, or by the end of the terminal unless that is to be ignored (nohup)."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            loop.add_signal_handler(number, stop.set)
    return stop
