"""Forgets what is over: sessions, tokens, links, invitations, files of no message, jobs given up long ago."""

from __future__ import annotations

import asyncio
from typing import Final

from chatapp.core.mail import VERIFY_DAYS
from chatapp.core.notices import SessionEnded, TokenEnded
from chatapp.domain.news import News
from chatapp.domain.sign_in import UNREMEMBERED_IDLE_MS, SignIn
from chatapp.settings import Settings
from chatapp.storage import (
    audit_log,
    files,
    invites,
    links,
    lives,
    meta,
    notices,
    outbox,
    people,
    sessions,
    tickets,
    tokens,
)
from chatapp.storage.blobs import Blobs
from chatapp.storage.database import Database

DAY_MS: Final = 86_400_000
PARKED_DAYS: Final = 30
# Whoever has read none for so long starts over.
NOTICES_MS: Final = 3_600_000
# In the database, for all its processes and those after a restart: when one of them has tidied last.
TIDIED_AT: Final = "tidied_at"
# An upload that stands still for so long has ended; what nothing names by then has been forgotten.
UPLOAD_SECONDS: Final = 3600
ASKED_AT_ONCE: Final = 500
FREED_AT_ONCE: Final = 200
COUNTED_AT_ONCE: Final = 200


class Housekeeping:
    """What the clock causes, not a person."""

    def __init__(self, *, database: Database, blobs: Blobs, news: News, sign_in: SignIn, settings: Settings) -> None:
        self._database = database
        self._blobs = blobs
        self._news = news
        self._sign_in = sign_in
        self._audit_ms = settings.audit_days * DAY_MS
        self._idle_ms = settings.session_idle_days * DAY_MS

    async def is_database_well(self) -> bool:
        """Whether it reads and, where it has refused, writes again; never after it was found damaged."""
        return await self._database.is_well()

    @property
    def outdated(self) -> asyncio.Event:
        """Set once a newer version has taken the database over, and this process cannot go on."""
        return self._database.outdated

    async def risks(self) -> list[str]:
        """Sentences about how what is stored could be lost."""
        return await self._database.risks()

    def free_share(self) -> float:
        """How much of the disk under the database is free, from 0 to 1. Raises ``OSError``."""
        return self._database.free_share()

    async def note_seen(self) -> None:
        """Write down which sessions and tokens have been in use."""
        seen, used = self._sign_in.seen()
        if seen or used:
            async with self._database.transaction(alone=False) as tx:
                await sessions.touch(tx, seen)
                await tokens.touch(tx, used)
                tx.after_commit(lambda: self._sign_in.forget_seen(seen, used))

    async def is_turn(self, every_ms: int) -> bool:
        """Whether it is time to tidy, for this process: none has begun to in that time, before a restart either."""
        async with self._database.transaction() as tx:
            last = await meta.value(tx, TIDIED_AT)
            # A clock that was set back must not keep everybody from it.
            is_turn = last is None or not 0 <= tx.at - int(last) < every_ms
            if is_turn:
                await meta.put(tx, TIDIED_AT, str(tx.at))
        return is_turn

    async def tidy(self) -> None:
        """Delete what has expired, and close the sockets that lived on it."""
        # First, or what was used a moment ago would be called idle.
        await self.note_seen()
        now = self._database.clock()
        async with self._database.transaction() as tx:
            await lives.begin_by(tx, now)
            ended = await sessions.delete_expired(
                tx, now=now, idle_since=now - self._idle_ms, unremembered_since=now - UNREMEMBERED_IDLE_MS
            )
            expired = await tokens.delete_expired(tx, now)
            await links.delete_expired(tx, now)
            await tickets.delete_expired(tx, now)
            await people.delete_unverified(tx, now - VERIFY_DAYS * DAY_MS)
            await invites.delete_expired(tx, now)
            await files.release_unsent(tx, now - DAY_MS)
            await outbox.delete_parked(tx, now - PARKED_DAYS * DAY_MS)
            if self._audit_ms:
                await audit_log.drop_before(tx, now - self._audit_ms)
            await notices.delete_before(tx, now - NOTICES_MS)
            await self._news.say(tx, *map(SessionEnded, ended), *map(TokenEnded, expired))

    async def free_files(self) -> None:
        """Take off the disk what belonged to deleted messages and to none, in parts: nobody writes meanwhile."""
        while await files.has_free(self._database):
            async with self._database.transaction() as tx:
                gone = await files.delete_free(tx, FREED_AT_ONCE)
                # Before the commit, while nobody else can store the same content: without it, this is done again.
                await asyncio.to_thread(self._blobs.remove, gone)

    async def count_copies(self) -> None:
        """Note what the copies of pictures take which were brought before that was noted of each."""
        last = 0
        while found := await files.uncounted(self._database, last, COUNTED_AT_ONCE):
            sizes = {ident: await asyncio.to_thread(self._blobs.copied, digest) for ident, digest in found.items()}
            # Of those whose copies are gone it is asked again each time; nothing is written for them.
            if taken := {ident: size for ident, size in sizes.items() if size}:
                async with self._database.transaction(alone=False) as tx:
                    await files.count(tx, taken)
            last = max(found)

    async def sweep_files(self) -> None:
        """Take off the disk what an interrupted upload has left there."""
        await asyncio.to_thread(self._blobs.clear_incoming, UPLOAD_SECONDS)
        found = sorted(await asyncio.to_thread(self._blobs.old, UPLOAD_SECONDS))
        for start in range(0, len(found), ASKED_AT_ONCE):
            part = set(found[start : start + ASKED_AT_ONCE])
            lost = part - await files.known(self._database, part)
            if lost:
                async with self._database.transaction() as tx:
                    await asyncio.to_thread(self._blobs.remove, lost - await files.known(tx, lost))
