"""Accounts: the first one, registering, confirming an address, passwords, profiles, disabling."""

from __future__ import annotations

import hmac
from functools import partial
from typing import Final

from chatapp.core import mail, passwords, tokens, validation
from chatapp.core.errors import Conflict, Forbidden, Invalid, NotFound, RateLimited, invalid
from chatapp.core.events import UserChanged
from chatapp.core.limits import Limits
from chatapp.core.models import Identity, LinkPurpose, Person
from chatapp.core.passwords import Hasher
from chatapp.domain import hashing, joining, owners
from chatapp.domain.joining import Applicant, applicant
from chatapp.domain.outbox import Outbox
from chatapp.realtime.hub import Hub
from chatapp.settings import Settings
from chatapp.storage import invites, links, people, sessions
from chatapp.storage.database import Database, Transaction
from chatapp.storage.tail import Tails

MINUTE_MS: Final = 60_000
VERIFY_MS: Final = mail.VERIFY_DAYS * 86_400_000
RESET_MS: Final = mail.RESET_MINUTES * MINUTE_MS
LINK_IS_OVER: Final = "This link is not valid any more."


class Accounts:
    """``setup_code`` opens the first account; ``public_url`` begins every link that is mailed."""

    def __init__(
        self,
        *,
        database: Database,
        tails: Tails,
        hub: Hub,
        limits: Limits,
        hasher: Hasher,
        outbox: Outbox,
        settings: Settings,
    ) -> None:
        self._database = database
        self._tails = tails
        self._hub = hub
        self._limits = limits
        self._hasher = hasher
        self._outbox = outbox
        self._registration = settings.registration
        self._chat_name = settings.name
        self._has_any = False
        self.setup_code = tokens.new_secret()
        # Never taken from a request: a forged Host would send the secret of a link to somebody else.
        self.public_url = settings.base_url

    # Making accounts

    async def is_empty(self) -> bool:
        """Whether there is no account yet."""
        self._has_any = self._has_any or not await people.is_empty(self._database)
        return not self._has_any

    async def set_up(self, *, code: str, username: str, email: str, password: str, display_name: str = "") -> Person:
        """The first account, an administrator's.

        Raises ``NotFound`` once there is one, ``Forbidden`` on a wrong code, ``Invalid``.
        """
        if not await self.is_empty():
            raise NotFound
        if not hmac.compare_digest(code.encode("utf-8", "replace"), self.setup_code.encode()):
            raise Forbidden("This is not the setup link. It was printed where chatapp was started.")
        new = applicant(username=username, email=email, password=password, display_name=display_name)
        password_hash = await hashing.make(self._hasher, password)
        async with self._database.transaction() as tx:
            # Asked again where only one can ask at a time: of many at once, one gets the chat.
            if not await people.is_empty(tx):
                raise NotFound
            return await self._insert(tx, new, password_hash, is_admin=True)

    async def register(
        self,
        *,
        username: str,
        email: str,
        password: str,
        display_name: str = "",
        invite: str = "",
        address: str = "",
    ) -> Person:
        """A new account, and a mail to its address. Who was invited is in at once; others once they have
        opened the link. Raises ``Forbidden``, ``Invalid``, ``RateLimited`` (by ``address``)."""
        is_invited = await self._is_invited(invite)
        if not is_invited and self._registration != "open":
            raise Forbidden("You need an invitation to make an account here.")
        self._slow_down("register", address)
        new = applicant(username=username, email=email, password=password, display_name=display_name)
        password_hash = await hashing.make(self._hasher, password)
        async with self._database.transaction() as tx:
            if is_invited and not await invites.use(tx, tokens.digest(invite), self._database.clock()):
                raise Forbidden("This invitation has been used up.")
            person = await self._insert(tx, new, password_hash, is_verified=is_invited)
            await self._mail_verification(tx, person)
        return person

    async def add(
        self, *, username: str, email: str, password: str, display_name: str = "", is_admin: bool = False
    ) -> Person:
        """For the command line: an account that is in at once, without mail."""
        new = applicant(username=username, email=email, password=password, display_name=display_name)
        password_hash = await hashing.make(self._hasher, password)
        async with self._database.transaction() as tx:
            return await self._insert(tx, new, password_hash, is_admin=is_admin)

    async def everyone(self) -> list[Person]:
        """For the command line: all accounts, disabled ones included, by username."""
        return await people.everyone(self._database)

    async def people(self, actor: Person) -> list[Person]:
        """Whom the actor may write to, by username; only what others may know of them."""
        found = await people.everyone(self._database)
        return [
            Person(person.id, person.username, person.display_name, created_at=person.created_at, is_verified=True)
            for person in found
            if person.is_verified and not person.is_disabled and not actor.is_disabled
        ]

    # Links

    async def is_link(self, purpose: LinkPurpose, secret: str) -> bool:
        """Whether the link could be used now; leaves it as it is."""
        return await links.owner(self._database, purpose, tokens.digest(secret), self._database.clock()) is not None

    async def verify(self, secret: str) -> Person:
        """The address is confirmed. Raises ``NotFound`` for a link that is used, expired or never was."""
        async with self._database.transaction() as tx:
            person = await self._consume(tx, "verify", secret)
            return await joining.let_in(tx, person, self._database.clock())

    async def request_verification(self, actor: Person) -> None:
        """Send the link again. Raises ``RateLimited`` within a minute of the last one."""
        async with self._database.transaction() as tx:
            person = await people.by_id(tx, actor.id)
            if person is None or person.is_disabled or person.is_verified:
                return
            wait = await self._pause(tx, person, "verify")
            if wait:
                raise RateLimited("The mail is on its way. Please wait a moment.", retry_after=wait)
            await self._mail_verification(tx, person)

    async def request_reset(self, email: str, *, address: str = "") -> None:
        """The same for every address, in answer and time: who it belongs to is looked up later, by :meth:`send_reset`.

        Raises ``RateLimited`` (by ``address``).
        """
        self._slow_down("reset", address)
        try:
            clean = validation.email(email)
        except Invalid:
            return
        async with self._database.transaction() as tx:
            await self._outbox.put(tx, "reset", clean)

    async def send_reset(self, email: str) -> None:
        """The job that :meth:`request_reset` left: mail a link, at most once a minute, if there is such a person."""
        async with self._database.transaction() as tx:
            person = await people.by_email(tx, email)
            if person is None or person.is_disabled or await self._pause(tx, person, "reset"):
                return
            link = await self._link(tx, person, "reset", RESET_MS)
            letter = mail.password_reset(to=email, username=person.username, chat=self._chat_name, link=link)
            await self._outbox.put(tx, "mail", mail.encode(letter))

    async def reset(self, secret: str, password: str) -> Person:
        """A new password by a mailed link; all sessions end. Raises ``NotFound`` or ``Invalid``."""
        now = self._database.clock()
        owner = await links.owner(self._database, "reset", tokens.digest(secret), now)
        person = await people.by_id(self._database, owner) if owner is not None else None
        if person is None:
            raise NotFound(LINK_IS_OVER)
        passwords.check(password, username=person.username)
        password_hash = await hashing.make(self._hasher, password)
        async with self._database.transaction() as tx:
            person = await self._consume(tx, "reset", secret)
            await people.update(tx, person.id, password_hash=password_hash)
            await self._end_sessions(tx, person)
            # Whoever reads the mail of that address has confirmed it.
            person = await joining.let_in(tx, person, now)
        self._limits.login_succeeded(person.username)
        return person

    # What people change about themselves

    async def change_password(self, actor: Person, *, current: str, new: str, keep: Identity) -> None:
        """All sessions but the one of ``keep`` end, and reset links too.

        Raises ``Invalid`` with the field ``current`` or ``new``, and ``RateLimited`` as logging in does.
        """
        wait = self._limits.login(actor.id)
        if wait:
            raise RateLimited("Too many attempts. Please wait.", retry_after=wait)
        old_hash = await people.password_hash(self._database, actor.id)
        is_right = await hashing.is_right(self._hasher, current, old_hash)
        if not is_right:
            raise invalid("current", "This is not your current password.")
        self._limits.login_succeeded(actor.id)
        passwords.check(new, username=actor.username, field="new")
        new_hash = await hashing.make(self._hasher, new)
        async with self._database.transaction() as tx:
            if await people.password_hash(tx, actor.id) != old_hash:
                raise Conflict("Your password was changed elsewhere in the meantime.")
            await people.update(tx, actor.id, password_hash=new_hash)
            await links.delete_of(tx, actor.id, "reset")
            await self._end_sessions(tx, actor, except_digest=keep.session_digest)

    async def update_profile(self, actor: Person, *, display_name: str, time_zone: str) -> Person:
        values = validation.together(
            display_name=lambda: validation.display_name(display_name),
            time_zone=lambda: validation.time_zone(time_zone),
        )
        async with self._database.transaction() as tx:
            person = await people.update(tx, actor.id, **values)
            if person.display_name != actor.display_name:
                news = UserChanged(person.username, person.display_name)
                tx.after_commit(self._tails.forget)
                tx.after_commit(lambda: self._hub.tell_everyone(news))
        return person

    async def set_theme(self, actor: Person, theme: str) -> Person:
        clean = validation.theme(theme)
        async with self._database.transaction() as tx:
            return await people.update(tx, actor.id, theme=clean)

    async def set_disabled(self, actor: Person, username: str, is_disabled: bool) -> None:
        """Shut somebody out, at once and everywhere, or let them back in. For administrators, not on themselves."""
        async with self._database.transaction() as tx:
            admin = await people.by_id(tx, actor.id)
            if admin is None or admin.is_disabled or not admin.is_admin:
                raise Forbidden("Only administrators may do that.")
            person = await people.by_username(tx, username)
            if person is None:
                raise NotFound(f"There is nobody called {username}.")
            if person.id == actor.id:
                raise Forbidden("You cannot disable your own account.")
            await people.update(tx, person.id, is_disabled=is_disabled)
            if is_disabled:
                await sessions.delete_of(tx, person.id)
                await links.delete_of(tx, person.id, "reset")
                await owners.give_up(tx, person)
                tx.after_commit(lambda: self._hub.end_person(person.id))

    async def _insert(
        self, tx: Transaction, new: Applicant, password_hash: str, *, is_admin: bool = False, is_verified: bool = True
    ) -> Person:
        return await joining.insert(tx, new, password_hash=password_hash, is_admin=is_admin, is_verified=is_verified)

    async def _consume(self, tx: Transaction, purpose: LinkPurpose, secret: str) -> Person:
        used = await links.consume(tx, purpose, tokens.digest(secret), self._database.clock())
        person = await people.by_id(tx, used[0]) if used else None
        if used is None or person is None or person.is_disabled or person.email != used[1]:
            raise NotFound(LINK_IS_OVER)
        return person

    async def _link(self, tx: Transaction, person: Person, purpose: LinkPurpose, life_ms: int) -> str:
        secret, now = tokens.new_secret(), self._database.clock()
        await links.replace(
            tx,
            digest=tokens.digest(secret),
            person_id=person.id,
            purpose=purpose,
            email=person.email,
            at=now,
            expires_at=now + life_ms,
        )
        return f"{self.public_url}/{purpose}/{secret}"

    async def _pause(self, tx: Transaction, person: Person, purpose: LinkPurpose) -> int:
        """Seconds until another link may be mailed."""
        last = await links.last_made_at(tx, person.id, purpose)
        left = 0 if last is None else last + MINUTE_MS - self._database.clock()
        return max(0, -(-left // 1000))

    async def _mail_verification(self, tx: Transaction, person: Person) -> None:
        link = await self._link(tx, person, "verify", VERIFY_MS)
        letter = mail.verification(to=person.email, username=person.username, chat=self._chat_name, link=link)
        await self._outbox.put(tx, "mail", mail.encode(letter))

    async def _is_invited(self, invite: str) -> bool:
        if not invite or self._registration == "closed":
            return False
        return await invites.is_usable(self._database, tokens.digest(invite), self._database.clock())

    async def _end_sessions(self, tx: Transaction, person: Person, *, except_digest: str | None = None) -> None:
        for digest in await sessions.delete_of(tx, person.id, except_digest=except_digest):
            tx.after_commit(partial(self._hub.end_session, digest))

    def _slow_down(self, kind: str, address: str) -> None:
        wait = self._limits.request(kind, address)
        if wait:
            raise RateLimited("Too many requests from your address. Please wait.", retry_after=wait)
