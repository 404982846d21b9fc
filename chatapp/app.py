"""Puts everything together, in reading order; the only file that knows all floors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, Final

import structlog
from aiohttp import web

from chatapp import web as pages
from chatapp.core.clock import Clock, system_clock
from chatapp.core.limits import Limits
from chatapp.core.notices import Begun
from chatapp.core.passwords import Hasher
from chatapp.core.push import PushKeys, is_installed
from chatapp.domain import neighbours
from chatapp.domain.access import Access
from chatapp.domain.accounts import Accounts
from chatapp.domain.audit_log import AuditLog
from chatapp.domain.chat import Chat
from chatapp.domain.deciding import Deciding
from chatapp.domain.files import Files
from chatapp.domain.housekeeping import Housekeeping
from chatapp.domain.indexing import Indexing
from chatapp.domain.invites import Invites
from chatapp.domain.letters import Letters
from chatapp.domain.links import Links
from chatapp.domain.memberships import Memberships
from chatapp.domain.messages import Messages
from chatapp.domain.news import News
from chatapp.domain.notifications import Notifications
from chatapp.domain.outbox import Outbox
from chatapp.domain.passwords import Passwords
from chatapp.domain.people import People
from chatapp.domain.pins import Pins
from chatapp.domain.presence import Whereabouts
from chatapp.domain.push import Push
from chatapp.domain.pushing import Pushing
from chatapp.domain.reactions import Reactions
from chatapp.domain.rooms import Rooms
from chatapp.domain.search import Search
from chatapp.domain.sign_in import SignIn
from chatapp.domain.tickets import Tickets
from chatapp.gateway import endpoint
from chatapp.gateway.endpoint import Gateway
from chatapp.jobs.housekeeping import Housekeeper
from chatapp.jobs.indexing import Indexer
from chatapp.jobs.mail import Postman
from chatapp.jobs.push import Courier, Pusher
from chatapp.jobs.runner import Runner
from chatapp.keys import CHAT, GATEWAY, SETTINGS
from chatapp.realtime.attendance import Attendance
from chatapp.realtime.bus import Bus
from chatapp.realtime.hub import Hub
from chatapp.realtime.presence import PresenceBoard
from chatapp.realtime.typing import TypingBoard
from chatapp.settings import Settings, SettingsError
from chatapp.storage import audit_log, presence, secrets
from chatapp.storage.blobs import Blobs
from chatapp.storage.journal import Journal
from chatapp.storage.messages import Log
from chatapp.storage.opening import Opened, opened, opened_index
from chatapp.storage.secrets import Secrets

After = tuple[Indexing, Deciding]
"""What reads the log on behind each commit."""

CHANGED: Final = (
    "Unless the keys were changed on purpose, put it back: by others nobody stays logged in, and mail that waits is "
    "lost."
)

log = structlog.get_logger()


def create_app(settings: Settings, *, clock: Clock = system_clock, complains: bool = True) -> web.Application:
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
            Housekeeper(chat.housekeeping, complains=complains),
            Indexer(chat.search.indexing),
            Pusher(chat.push.pushing, Courier(settings, clock)),
        ):
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
async def open_chat(settings: Settings, *, clock: Clock = system_clock, serves: bool = True) -> AsyncIterator[Chat]:
    """The chat on its database: held, migrated, opened; closed in reverse order."""
    kept = secrets.load(settings.data)
    async with opened(settings, clock) as found:
        hub, rows = Hub(), Log(found.database)
        are_others = await audit_log.note_new_keys(found.database, kept.fingerprint)
        if are_others:
            others = f"{settings.data / secrets.FILE} is not what was here last."
            if found.database.is_shared:
                log.warning("secrets.differ", detail=f"{others} {neighbours.DIFFER}")
            else:
                log.warning("secrets.changed", detail=f"{others} {CHANGED}")
        if not found.database.is_shared:
            # Whoever was uploading when this ended is gone; others may be at it where the folder is shared.
            await asyncio.to_thread(Blobs(settings.data).clear_incoming)
        limits = Limits(settings, clock, kept.csrf_key.encode())
        board = PresenceBoard(
            partial(presence.roommates, found.database), heartbeat=settings.heartbeat, attendance=Attendance(clock)
        )
        begun = Begun(kept.fingerprint, settings=neighbours.shared(settings) if serves else None)
        told = dict[str, Any](presence=board, limits=limits, bus=bus_of(settings, found.epoch), begun=begun)
        news = News(database=found.database, hub=hub, log=rows, **told)
        async with news.running(), opened_index(settings, found) as index:
            indexing = Indexing(database=found.database, index=index, log=rows)
            is_pushing = bool(settings.push_subject) and is_installed()
            deciding = Deciding(database=found.database, log=rows, presence=board, is_on=is_pushing)
            announce = deciding.after(indexing.after(news.committed))
            journal = Journal(found.database, rows.tails, announce, found.mark)
            async with journal.running():
                yield assemble(settings, kept, found, hub, rows, journal, news, (indexing, deciding))


def bus_of(settings: Settings, epoch: str) -> Bus | None:
    """What carries news between processes; None where there is but one. Each library is an extra.

    Raises :class:`chatapp.settings.SettingsError`.
    """
    if not settings.database_url:
        return None
    # Others may use the same server, another chat too.
    channel_name = f"chatapp:{epoch}"
    if settings.redis_url:
        from chatapp.realtime.redis_bus import RedisBus

        try:
            return RedisBus(settings.redis_url, channel_name)
        except (TypeError, ValueError) as error:
            raise SettingsError([f"CHATAPP_REDIS_URL is not one that redis-py takes: {error}"]) from None
    from chatapp.realtime.postgres_bus import PostgresBus
    from chatapp.storage.postgres_channel import channel

    return PostgresBus(partial(channel, settings.database_url, channel_name))


def assemble(
    settings: Settings, kept: Secrets, found: Opened, hub: Hub, log: Log, journal: Journal, news: News, after: After
) -> Chat:
    """The nouns, each with what it uses."""
    database, epoch, limits, (index, deciding) = found.database, found.epoch, news.limits, after
    access, outbox, blobs = Access(database), Outbox(database=database, secrets=kept), Blobs(settings.data)
    in_rooms = dict[str, Any](database=database, access=access, limits=limits)
    hasher, typing = Hasher(settings.password_memory_kib), TypingBoard(news, database.clock)
    passwords = Passwords(database=database, news=news, limits=limits, hasher=hasher, secrets=kept)
    letters = Letters(database=database, news=news, outbox=outbox, limits=limits, settings=settings)
    shared = dict[str, Any](database=database, news=news, limits=limits, passwords=passwords)
    spoken = dict[str, Any](access=access, journal=journal, log=log, limits=limits)
    sign_in = SignIn(secrets=kept, settings=settings, **shared)
    pushing = Pushing(deciding=deciding, sign_in=sign_in, keys=PushKeys(kept.csrf_keys), settings=settings)
    return Chat(
        settings=settings,
        access=access,
        accounts=Accounts(letters=letters, settings=settings, setup_code=kept.setup_code(epoch), **shared),
        people=People(database),
        links=Links(database=database, news=news, passwords=passwords, letters=letters, outbox=outbox),
        letters=letters,
        sign_in=sign_in,
        tickets=Tickets(database=database, limits=limits),
        invites=Invites(database=database, limits=limits, settings=settings),
        rooms=Rooms(news=news, **in_rooms),
        memberships=Memberships(news=news, **in_rooms),
        messages=Messages(database=database, hub=hub, typing=typing, settings=settings, epoch=epoch, **spoken),
        reactions=Reactions(database=database, **spoken),
        pins=Pins(clock=database.clock, **spoken),
        presence=Whereabouts(database=database, news=news, limits=limits),
        notifications=Notifications(database=database, limits=limits, pushing=pushing),
        push=Push(database=database, limits=limits, settings=settings, pushing=pushing),
        files=Files(blobs=blobs, settings=settings, **in_rooms),
        search=Search(database=database, indexing=index, limits=limits),
        audit_log=AuditLog(database=database),
        outbox=outbox,
        housekeeping=Housekeeping(database=database, blobs=blobs, news=news, sign_in=sign_in, settings=settings),
        limits=limits,
        hub=hub,
    )


@asynccontextmanager
async def offline(settings: Settings) -> AsyncIterator[Chat]:
    """The chat without a server, for the command line."""
    async with open_chat(settings, serves=False) as chat:
        yield chat
