"""Whether a password is right: asked slowly, alike for everybody, and not too often."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from chatapp.core import devices, passwords
from chatapp.core.audit_log import Action
from chatapp.core.errors import BadRequest, RateLimited, Unauthenticated, invalid
from chatapp.core.language import N_, _
from chatapp.core.limits import Limits, network
from chatapp.core.models import Person
from chatapp.core.passwords import Hasher
from chatapp.domain.hashing import Hashing
from chatapp.domain.news import News
from chatapp.storage import audit_log, people
from chatapp.storage.database import Database
from chatapp.storage.secrets import Secrets

LONGEST_NAME: Final = 254
WRONG: Final = N_("The name or the password is not right.")


class Passwords:
    """Every check costs one hash, also when the answer is clear beforehand."""

    def __init__(self, *, database: Database, news: News, limits: Limits, hasher: Hasher, secrets: Secrets) -> None:
        self._database = database
        self._news = news
        self._limits = limits
        self._hashing = Hashing(hasher)
        self._device_keys = secrets.csrf_keys

    async def owner(self, name_or_email: str, password: str, *, address: str, device: str = "") -> tuple[Person, str]:
        """Whose name and password these are, and the hash that fitted. ``device`` is what :meth:`device_of` gave.

        Raises ``Unauthenticated``, ``RateLimited``, or ``BadRequest`` for a password longer than any is.
        """
        if len(password) > passwords.LONGEST:
            raise BadRequest(_("A password has at most {n} characters.").format(n=passwords.LONGEST))
        # By the name as typed: a counter shared by name and e-mail would tell which address is whose.
        account = name_or_email.strip().lower()[:LONGEST_NAME]
        # What is not plain text is nobody's name, and a lone surrogate would fail in the database.
        is_name = account.isascii() and account.isprintable()
        found = await people.with_password(self._database, account) if is_name else None
        if found and "@" in account and not found[0].is_verified:
            # Or it would tell whose address it is: see joining.insert_stranger.
            found = None
        known = devices.known(device, found[0].id, self._device_keys) if found else ""
        await self._slow_down(account, address, known, name=account if found else "")
        # Asked even when the answer is clear: how long it takes must not tell whether there is such a person.
        where = network(address)
        with self._counted_if_looked_at(account, address, known):
            is_right = await self._hashing.is_right(
                password,
                found[1] if found else None,
                # A person may have any number of known browsers, and a stranger must not take the owner's places.
                who=found[0].id if found and known else (account, where),
                network=where,
                is_known=bool(known),
            )
        if not found or not is_right or found[0].is_disabled:
            # People type passwords into the wrong field: only what is somebody's name is kept.
            await self._note("login.failed", None, account if found else "")
            raise Unauthenticated(WRONG)
        async with self._news.counting():
            self._limits.login_succeeded(account, address, known)
        return found

    async def check_own(self, actor: Person, password: str) -> str:
        """The hash that ``password`` fits. Raises ``Invalid`` with the field ``current``, and ``RateLimited``."""
        await self._slow_down(actor.id, actor=actor, name=actor.username)
        password_hash = await people.password_hash(self._database, actor.id)
        with self._counted_if_looked_at(actor.id):
            is_right = await self._hashing.is_right(password, password_hash, who=actor.id, is_known=True)
        if not is_right:
            await self._note("login.failed", actor, actor.username)
            raise invalid("current", _("This is not your current password."))
        async with self._news.counting():
            self._limits.login_succeeded(actor.id)
        return password_hash

    async def hashed(self, password: str) -> str:
        return await self._hashing.make(password)

    async def improved(self, password: str, password_hash: str) -> str:
        """The hash under today's parameters, when they have risen since."""
        return await self.hashed(password) if self._hashing.needs_rehash(password_hash) else password_hash

    async def _slow_down(
        self, account: int | str, address: str = "", device: str = "", *, actor: Person | None = None, name: str
    ) -> None:
        """Count a try. Raises ``RateLimited``; a flood of what it refuses is noted once an hour."""
        # A flood is refused here, without a word to other processes.
        wait = self._limits.login_wait(account, address, device)
        if not wait:
            async with self._news.counting():
                wait = self._limits.login(account, address, device)
        if wait:
            if self._limits.login_is_news(account, address):
                await self._note("login.limited", actor, name)
            raise RateLimited(_("Too many attempts. Please wait."), retry_after=wait)

    @contextmanager
    def _counted_if_looked_at(self, account: int | str, address: str = "", device: str = "") -> Iterator[None]:
        try:
            yield
        except RateLimited:
            self._limits.login_not_looked_at(account, address, device)
            raise

    async def _note(self, action: Action, actor: Person | None, name: str) -> None:
        async with self._database.transaction() as tx:
            await audit_log.note(tx, actor, action, name)

    def device_of(self, person: Person) -> str:
        """For the browser they have just logged in with: it keeps a few tries whoever guesses elsewhere."""
        return devices.issue(person.id, self._device_keys)
