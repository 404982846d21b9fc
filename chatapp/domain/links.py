"""What mailed links do, once: confirm an address, choose a new password."""

from __future__ import annotations

from typing import Final

from chatapp.core import language, passwords, tokens, validation
from chatapp.core.errors import Invalid, NotFound, RateLimited
from chatapp.core.language import N_, _
from chatapp.core.models import LinkPurpose, Person
from chatapp.domain import endings, joining
from chatapp.domain.letters import Letters
from chatapp.domain.news import News
from chatapp.domain.outbox import Outbox
from chatapp.domain.passwords import Passwords
from chatapp.storage import audit_log, links, people
from chatapp.storage.database import Database, Reader, Transaction

LINK_IS_OVER: Final = N_("This link is not valid any more.")


class Links:
    """A link that is used, expired or never was raises ``NotFound``."""

    def __init__(
        self, *, database: Database, news: News, passwords: Passwords, letters: Letters, outbox: Outbox
    ) -> None:
        self._database = database
        self._news = news
        self._passwords = passwords
        self._letters = letters
        self._outbox = outbox

    async def is_alive(self, purpose: LinkPurpose, secret: str) -> bool:
        """Whether the link could be used now; leaves it as it is."""
        return await links.owner(self._database, purpose, tokens.digest(secret), self._database.clock()) is not None

    async def verify(self, secret: str) -> Person:
        """The address is confirmed."""
        async with self._database.transaction() as tx:
            person = await self._consume(tx, "verify", secret)
            await audit_log.note(tx, person, "account.verified")
            return await joining.let_in(tx, person, self._database.clock())

    async def request_verification(self, actor: Person) -> None:
        """Send the link again. Raises ``RateLimited`` within a minute of the last one."""
        async with self._database.transaction() as tx:
            person = await people.by_id(tx, actor.id)
            if person is None or person.is_disabled or person.is_verified:
                return
            wait = await self._letters.pause(tx, person, "verify")
            if wait:
                raise RateLimited(_("The mail is on its way. Please wait a moment."), retry_after=wait)
            await self._letters.verification(tx, person, await _address(tx, person))

    async def awaited_address(self, actor: Person) -> str:
        """Where the link for confirming was sent."""
        return await _address(self._database, actor)

    async def request_reset(self, email: str, *, address: str = "") -> None:
        """The same for every address, in answer and time: who it belongs to is looked up later, by :meth:`send_reset`.

        Raises ``RateLimited`` (by ``address``).
        """
        await self._letters.asked_for("reset", address)
        try:
            clean = validation.email(email)
        except Invalid:
            return
        async with self._database.transaction() as tx:
            # An address holds no space.
            await self._outbox.put(tx, "reset", f"{clean} {language.current()}")
            await audit_log.note(tx, None, "password.reset_requested", clean)

    async def send_reset(self, asked: str) -> None:
        """The job that :meth:`request_reset` left: mail a link, at most once a minute, if there is such a person."""
        email, _space, spoken = asked.partition(" ")
        with language.speaking(spoken):
            await self._send_reset(email)

    async def _send_reset(self, email: str) -> None:
        async with self._database.transaction() as tx:
            person = await people.by_email(tx, email)
            if person is not None and not person.is_disabled and not await self._letters.pause(tx, person, "reset"):
                await self._letters.reset(tx, person)

    async def reset(self, secret: str, password: str) -> Person:
        """A new password by a mailed link; all sessions end. Raises ``NotFound`` or ``Invalid``."""
        now = self._database.clock()
        owner = await links.owner(self._database, "reset", tokens.digest(secret), now)
        person = await people.by_id(self._database, owner) if owner is not None else None
        if person is None:
            raise NotFound(LINK_IS_OVER)
        passwords.check(password, person.username, person.email, person.display_name, self._letters.chat)
        password_hash = await self._passwords.hashed(password)
        async with self._database.transaction() as tx:
            person = await self._consume(tx, "reset", secret)
            await links.delete_of(tx, person.id, "reset")
            await people.update(tx, person.id, password_hash=password_hash)
            await endings.end_logins(tx, self._news, person)
            await audit_log.note(tx, person, "password.reset")
            await self._letters.password_changed(tx, person)
            # Whoever reads the mail of that address has confirmed it.
            return await joining.let_in(tx, person, now)

    async def _consume(self, tx: Transaction, purpose: LinkPurpose, secret: str) -> Person:
        used = await links.consume(tx, purpose, tokens.digest(secret), self._database.clock())
        person = await people.by_id(tx, used[0]) if used else None
        if used is None or person is None or person.is_disabled or person.email != used[1]:
            raise NotFound(LINK_IS_OVER)
        return person


async def _address(db: Reader, person: Person) -> str:
    # An account whose address turned out to be another's has none of its own.
    return person.email or await links.address(db, person.id, "verify")
