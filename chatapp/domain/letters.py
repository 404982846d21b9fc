"""Mails that carry a link: the link is kept as a digest, the mail goes into the outbox of the same transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from chatapp.core import language, mail, tokens
from chatapp.core.limits import MAILS, Limits
from chatapp.core.mail import Mail
from chatapp.core.models import LinkPurpose, Person
from chatapp.domain.news import News
from chatapp.domain.outbox import Outbox
from chatapp.settings import Settings
from chatapp.storage import links, people
from chatapp.storage.database import Database, Transaction

MINUTE_MS: Final = 60_000
VERIFY_MS: Final = mail.VERIFY_DAYS * 86_400_000
RESET_MS: Final = mail.RESET_MINUTES * MINUTE_MS


class Letters:
    """``public_url`` begins every link that is mailed."""

    def __init__(self, *, database: Database, news: News, outbox: Outbox, limits: Limits, settings: Settings) -> None:
        self._database = database
        self._news = news
        self._outbox = outbox
        self._limits = limits
        self.chat = settings.name
        # Never taken from a request: a forged Host would send the secret of a link to somebody else.
        self.public_url = settings.base_url

    async def asked_for(self, kind: str, address: str) -> None:
        """Count that a stranger at that address asks for something that is mailed. Raises ``RateLimited``."""
        # A flood is refused here, without a word to other processes.
        self._limits.check_request(kind, address)
        async with self._news.counting():
            self._limits.request(kind, address)

    async def verification(self, tx: Transaction, person: Person, email: str) -> None:
        """A link to the address that was given; when it is another's, who has it is told instead."""
        owner = await people.by_email(tx, email)
        is_free = owner is None or owner.id == person.id
        async with self._news.counting(tx):
            may_send = self._limits.mail("verify" if is_free else "taken", email)
        if not may_send and await links.address(tx, person.id, "verify"):
            # The link that was mailed before stays good.
            return
        link = await self._link(tx, person, "verify", VERIFY_MS, email)
        if not may_send:
            return
        if owner is None or is_free:
            await self._send(tx, person, mail.verification, to=email, link=link)
        else:
            link = f"{self.public_url}/forgot"
            await self._send(tx, owner, mail.address_taken, to=email, link=link)

    async def reset(self, tx: Transaction, person: Person) -> None:
        """Links mailed before stay good: strangers may ask too, and must not end the one that is about to be used."""
        async with self._news.counting(tx):
            may_send = self._limits.mail("reset", person.email)
        if not may_send:
            return
        link = await self._link(tx, person, "reset", RESET_MS, person.email, keep=MAILS - 1)
        await self._send(tx, person, mail.password_reset, to=person.email, link=link)

    async def password_changed(self, tx: Transaction, person: Person) -> None:
        """So that who did not change it learns of it."""
        link = f"{self.public_url}/forgot"
        await self._send(tx, person, mail.password_changed, to=person.email, link=link)

    async def pause(self, tx: Transaction, person: Person, purpose: LinkPurpose) -> int:
        """Seconds until another link of that purpose may be mailed to the person."""
        last = await links.last_made_at(tx, person.id, purpose)
        left = 0 if last is None else last + MINUTE_MS - self._database.clock()
        return max(0, -(-left // 1000))

    async def _link(
        self, tx: Transaction, person: Person, purpose: LinkPurpose, life_ms: int, email: str, *, keep: int = 0
    ) -> str:
        secret, now = tokens.new_secret(), self._database.clock()
        await links.replace(
            tx,
            digest=tokens.digest(secret),
            person_id=person.id,
            purpose=purpose,
            email=email,
            at=now,
            expires_at=now + life_ms,
            keep=keep,
        )
        return f"{self.public_url}/{purpose}/{secret}"

    async def _send(self, tx: Transaction, person: Person, letter: Callable[..., Mail], *, to: str, link: str) -> None:
        """In the language the person chose, else in the one of whoever causes the mail."""
        with language.speaking(person.language):
            written = letter(to=to, username=person.username, chat=self.chat, link=link)
        await self._outbox.put(tx, "mail", mail.encode(written))
