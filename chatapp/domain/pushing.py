"""Writes what goes to push services, right before it goes: by what is so then. The rows stay until it is taken."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from chatapp.core import language, push, tokens
from chatapp.core.language import _, ngettext
from chatapp.core.models import Identity, Message, Person
from chatapp.core.notifications import AWAY_MS, calm, is_meant
from chatapp.core.push import Notice, PushKeys
from chatapp.core.text.plain import beginning
from chatapp.domain.deciding import Deciding
from chatapp.domain.outbox import woken_or_due
from chatapp.domain.sign_in import SignIn
from chatapp.settings import Settings
from chatapp.storage import notifications, pushes
from chatapp.storage import push as rows
from chatapp.storage.database import Transaction
from chatapp.storage.push import Addressee, Place
from chatapp.storage.pushes import Push

AT_ONCE: Final = 20
# Longer than any of them may take.
CLAIM_MS: Final = 20_000
FIRST_RETRY_MS: Final = 5_000
LONGEST_RETRY_MS: Final = 3_600_000
MOST_ATTEMPTS: Final = 10
# How long a push service keeps it for a browser that is away.
TTL_SECONDS: Final = 12 * 3600
TEST_TTL_SECONDS: Final = 60


Due = Push
"""As its row stands."""


class Letter(msgspec.Struct, frozen=True):
    """A request for a push service. ``covers``: what it tells of."""

    address: str
    headers: dict[str, str]
    body: bytes
    covers: tuple[Push, ...]


class Pushing:
    """Nobody is told of what they may not see, have read, are there for, or want no notice of now."""

    def __init__(self, *, deciding: Deciding, sign_in: SignIn, keys: PushKeys, settings: Settings) -> None:
        self.deciding = deciding
        self.is_on = deciding.is_on
        self.keys = keys
        self._database = deciding.database
        self._log = deciding.log
        self._presence = deciding.presence
        self._sign_in = sign_in
        self._subject = settings.push_subject
        self._name = settings.name
        # Set by whoever puts something in.
        self._woken = deciding.decided

    async def next(self) -> list[Push]:
        """What is to be sent now, of each browser at most one summary. It stays until it is settled: after a crash in
        between it is given out again when its claim is over, and sent in the place of the first. Until then nobody
        else gets it, nor whoever asks again."""
        now = self._database.clock()
        found = await pushes.due(self._database, now, AT_ONCE)
        if found:
            async with self._database.transaction(alone=False) as tx:
                mine = await pushes.claim(tx, [each.id for each in found], now, until=now + CLAIM_MS)
            found = [each for each in found if each.id in mine]
        once = {(each.subscription_id, None if each.is_held else each.id): each for each in found}
        return list(once.values())

    async def letter(self, due: Push) -> Letter | None:
        """What to send; None where there is nothing, or not yet, and the row is dealt with."""
        addressee = await rows.addressee(self._database, due.subscription_id)
        if addressee is None:
            return None
        who = Identity(addressee.person, session_digest=addressee.session_digest)
        if addressee.subscription.key not in self.keys or not await self._sign_in.is_valid(who):
            await self.gone(due)
            return None
        with language.speaking(addressee.person.language):
            if due.room_id is None:
                return self._sealed(addressee, self._test(), (due,), topic="test", ttl=TEST_TTL_SECONDS)
            if await self._is_late(due, addressee):
                return None
            return await (self._summary(due, addressee) if due.is_held else self._of_room(due, addressee))

    async def taken(self, letter: Letter) -> None:
        async with self._database.transaction() as tx:
            await rows.touch(tx, letter.covers[0].subscription_id)
            await pushes.done(tx, letter.covers)

    async def gone(self, due: Push) -> None:
        """There is no such browser any more."""
        async with self._database.transaction() as tx:
            await rows.delete(tx, due.subscription_id)

    async def failed(self, some: Sequence[Push], wait_ms: int = 0) -> bool:
        """Try again later, ever later, not before ``wait_ms``, and nothing else at that browser meanwhile; True when it
        was the last attempt, and is given up."""
        attempts = some[0].attempts
        is_last = attempts + 1 >= MOST_ATTEMPTS
        pause = min(max(FIRST_RETRY_MS << attempts, wait_ms), LONGEST_RETRY_MS)
        async with self._database.transaction() as tx:
            if is_last:
                await pushes.done(tx, some)
            else:
                await pushes.postpone(tx, some, tx.at + pause, failed=True)
            await pushes.spare(tx, some, tx.at + pause)
        return is_last

    async def release(self, tx: Transaction, actor: Person) -> None:
        """Look anew at what is held back for the actor, after the commit: it may be told earlier now, or later."""
        await pushes.release(tx, actor.id)
        tx.after_commit(self.wake)

    def wake(self) -> None:
        self._woken.set()

    async def wait(self) -> None:
        """Return when something may be due."""
        await woken_or_due(self._woken, self._database, pushes.next_due_at)

    # What it says

    async def _is_late(self, due: Push, addressee: Addressee) -> bool:
        """Whether it is not told now: they are there, have just been, or want quiet."""
        away = self._presence.away_ms(addressee.person.id)
        now = self._database.clock()
        if away == 0:
            # The page tells of it, or shows it.
            await self._settle((due,))
            return True
        if away < AWAY_MS:
            async with self._database.transaction() as tx:
                await pushes.postpone(tx, (due,), now + AWAY_MS - away)
            return True
        settings = await notifications.settings_of(self._database, addressee.person.id)
        quiet = calm(settings, addressee.person.time_zone, now)
        if quiet.is_quiet and quiet.changes_at is not None:
            async with self._database.transaction() as tx:
                await pushes.hold(tx, due, quiet.changes_at)
            return True
        return False

    async def _of_room(self, due: Push, addressee: Addressee) -> Letter | None:
        place = await self._place(due, addressee)
        message = await self._log.one(due.room_id or 0, due.index) if place is not None else None
        is_said = message is not None and not (message.is_deleted or message.is_damaged)
        if place is None or message is None or not is_said:
            await self._settle((due,))
            return None
        settings = await notifications.settings_of(self._database, addressee.person.id)
        slug, person = place.room.slug, addressee.person
        is_direct = place.room.kind == "direct"
        notice = Notice(
            title=message.display_name if is_direct else f"{message.display_name} · #{place.room.name}",
            body=_number(due.count) if settings.hides_words else _words(message),
            tag=slug,
            url=f"/rooms/{slug}/{due.index}",
            room=slug,
        )
        # Named, or spoken to alone: their phone may wake up for that.
        is_urgent = is_direct or is_meant(message, person.id, person.username, level="mentions", is_direct=False)
        return self._sealed(addressee, notice, (due,), topic=f"room {due.room_id}", is_urgent=is_urgent)

    async def _summary(self, due: Push, addressee: Addressee) -> Letter | None:
        """Of all that was held back, as one number."""
        held = await pushes.held(self._database, due.subscription_id)
        still = [each.count for each in held if await self._place(each, addressee) is not None]
        if not still:
            await self._settle(held)
            return None
        notice = Notice(title=self._name, body=_number(sum(still)), tag="held", url="/rooms")
        return self._sealed(addressee, notice, tuple(held), topic="held")

    async def _place(self, due: Push, addressee: Addressee) -> Place | None:
        """The room, where they are in it, want to hear of it, and have not read that far."""
        place = await rows.place(self._database, due.room_id or 0, addressee.person.id)
        return place if place and place.level != "nothing" and place.read_index < due.index else None

    async def _settle(self, some: Collection[Push]) -> None:
        async with self._database.transaction() as tx:
            await pushes.done(tx, some)

    def _test(self) -> Notice:
        return Notice(title=self._name, body=_("This is how a notification looks."), tag="test", url="/rooms")

    def _sealed(
        self,
        addressee: Addressee,
        notice: Notice,
        covers: tuple[Push, ...],
        *,
        topic: str,
        ttl: int = TTL_SECONDS,
        is_urgent: bool = False,
    ) -> Letter:
        found = addressee.subscription
        now = self._database.clock() // 1000
        headers = {
            "Authorization": self.keys.authorization(found.key, found.endpoint, self._subject, now),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(ttl),
            # What waits there under the same topic is replaced. It tells the push service of no room.
            "Topic": tokens.digest(f"{found.auth} {topic}")[:32],
            "Urgency": "high" if is_urgent else "normal",
        }
        return Letter(found.endpoint, headers, push.sealed(notice, found), covers)


def _number(count: int) -> str:
    return ngettext("{n} new message", "{n} new messages", count).format(n=count)


def _words(message: Message) -> str:
    return beginning(message.content, message.html, message.attachments)
