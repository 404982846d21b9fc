"""Accounts: the first one, registering, confirming an address, passwords, profiles, disabling."""

from __future__ import annotations

import hmac
from typing import Final

from chatapp.core import passwords, tokens, validation
from chatapp.core.errors import Conflict, Forbidden, NotFound
from chatapp.core.events import UserChanged
from chatapp.core.language import _
from chatapp.core.limits import Limits
from chatapp.core.models import Account, Identity, Person
from chatapp.core.notices import Renamed
from chatapp.domain import endings, joining, owners
from chatapp.domain.access import administrators_only
from chatapp.domain.joining import Applicant, applicant
from chatapp.domain.letters import Letters
from chatapp.domain.news import News
from chatapp.domain.passwords import Passwords
from chatapp.settings import Settings
from chatapp.storage import audit_log, invites, links, people
from chatapp.storage.database import Database, Reader, Transaction

PAGE: Final = 50
Found = tuple[list[Account], bool]


class Accounts:
    """``setup_code`` opens the first account."""

    def __init__(
        self,
        *,
        database: Database,
        news: News,
        limits: Limits,
        passwords: Passwords,
        letters: Letters,
        settings: Settings,
        setup_code: str,
    ) -> None:
        self._database = database
        self._news = news
        self._limits = limits
        self._passwords = passwords
        self._letters = letters
        self._registration = settings.registration
        self._chat = settings.name
        self._has_any = False
        self.setup_code = setup_code

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
            raise Forbidden(_("This is not the setup link. It was printed where chatapp was started."))
        new = applicant(username=username, email=email, password=password, display_name=display_name, chat=self._chat)
        password_hash = await self._passwords.hashed(password)
        async with self._database.transaction() as tx:
            # Asked again where only one can ask at a time: of many at once, one gets the chat.
            if not await people.is_empty(tx):
                raise NotFound
            person = await self._insert(tx, new, password_hash, is_admin=True)
            await audit_log.note(tx, person, "setup.done")
        return person

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
        opened the link, and they do not learn whether the address is somebody's already: its owner is told.

        Raises ``Forbidden``, ``Invalid``, ``RateLimited`` (by ``address``).
        """
        is_invited = await self._is_invited(invite)
        if not is_invited and self._registration != "open":
            raise Forbidden(_("You need an invitation to make an account here."))
        await self._letters.asked_for("register", address)
        new = applicant(username=username, email=email, password=password, display_name=display_name, chat=self._chat)
        password_hash = await self._passwords.hashed(password)
        async with self._database.transaction() as tx:
            invite_id = await invites.use(tx, tokens.digest(invite), tx.at) if is_invited else None
            if is_invited and invite_id is None:
                raise Forbidden(_("This invitation has been used up."))
            if is_invited:
                person = await self._insert(tx, new, password_hash)
            else:
                person = await joining.insert_stranger(tx, new, password_hash=password_hash)
            await audit_log.note(tx, person, "account.registered")
            if invite_id is not None:
                await audit_log.note(tx, person, "invite.used", f"invite {invite_id}")
            await self._letters.verification(tx, person, new.email)
        return person

    async def add(
        self, *, username: str, email: str, password: str, display_name: str = "", is_admin: bool = False
    ) -> Person:
        """For the command line: an account that is in at once, without mail."""
        new = applicant(username=username, email=email, password=password, display_name=display_name, chat=self._chat)
        password_hash = await self._passwords.hashed(password)
        async with self._database.transaction() as tx:
            person = await self._insert(tx, new, password_hash, is_admin=is_admin)
            await audit_log.note(
                tx, None, "account.made", person.username, role="administrator" if is_admin else "member"
            )
        return person

    async def everyone(self) -> list[Person]:
        """For the command line: all accounts, disabled ones included, by username."""
        return await people.everyone(self._database)

    # What people change about themselves

    async def change_password(self, actor: Person, *, current: str, new: str, keep: Identity) -> None:
        """All sessions but the one of ``keep`` end, JWTs and reset links too.

        Raises ``Invalid`` with the field ``current`` or ``new``, and ``RateLimited`` as logging in does.
        """
        old_hash = await self._passwords.check_own(actor, current)
        passwords.check(new, actor.username, actor.email, actor.display_name, self._chat, field="new")
        new_hash = await self._passwords.hashed(new)
        async with self._database.transaction() as tx:
            await endings.still_fits(tx, actor, old_hash)
            await people.update(tx, actor.id, password_hash=new_hash)
            await self._letters.password_changed(tx, actor)
            await links.delete_of(tx, actor.id, "reset")
            await endings.end_logins(tx, self._news, actor, except_digest=keep.session_digest)
            await audit_log.note(tx, actor, "password.changed")

    async def update_profile(self, actor: Person, *, display_name: str, time_zone: str) -> Person:
        self._limits.act("settings", actor.id)
        values = validation.together(
            display_name=lambda: validation.display_name(display_name),
            time_zone=lambda: validation.time_zone(time_zone),
        )
        async with self._database.transaction() as tx:
            # As they are called now: the actor was looked up when the request began.
            before = await endings.active(tx, actor)
            person = await people.update(tx, actor.id, **values)
            if person.display_name != before.display_name:
                await audit_log.note(tx, actor, "account.renamed", person.username, display_name=person.display_name)
                await self._news.say(tx, Renamed(UserChanged(person.username, person.display_name)))
        return person

    async def set_theme(self, actor: Person, theme: str) -> Person:
        self._limits.act("settings", actor.id)
        clean = validation.theme(theme)
        async with self._database.transaction() as tx:
            return await people.update(tx, actor.id, theme=clean)

    async def set_hour_cycle(self, actor: Person, hour_cycle: str) -> Person:
        """How the actor reads times of day; "" as is usual where their browser is at home. Raises ``Invalid``."""
        self._limits.act("settings", actor.id)
        clean = validation.hour_cycle(hour_cycle)
        async with self._database.transaction() as tx:
            return await people.update(tx, actor.id, hour_cycle=clean)

    async def set_density(self, actor: Person, density: str) -> Person:
        self._limits.act("settings", actor.id)
        clean = validation.density(density)
        async with self._database.transaction() as tx:
            return await people.update(tx, actor.id, density=clean)

    async def set_language(self, actor: Person, language: str) -> Person:
        self._limits.act("settings", actor.id)
        clean = validation.language(language)
        async with self._database.transaction() as tx:
            return await people.update(tx, actor.id, language=clean)

    # What administrators do with those of others. For anybody else none of it is there: ``NotFound``.

    async def page(self, actor: Person, *, wanted: str = "", after: str = "", limit: int = PAGE) -> Found:
        """Accounts by username from behind ``after`` on with ``wanted`` in their names, and whether more follow."""
        await administrators_only(self._database, actor)
        text = validation.sought(wanted)
        if text is None or not after.isascii():
            return [], False
        rows = await people.page(self._database, wanted=text, after=after, limit=limit + 1)
        return [self._seen(*row) for row in rows[:limit]], len(rows) > limit

    async def show(self, actor: Person, username: str) -> Account:
        await administrators_only(self._database, actor)
        return await self._account(self._database, username)

    async def set_disabled(self, actor: Person, username: str, is_disabled: bool) -> None:
        """Shut somebody out, at once and everywhere, or let them back in, who then begin anew. Not oneself."""
        await self.administer(actor, username, is_disabled=is_disabled)

    async def set_admin(self, actor: Person, username: str, is_admin: bool) -> None:
        """Make somebody an administrator, or no longer. Raises ``Conflict`` for the last one."""
        await self.administer(actor, username, is_admin=is_admin)

    async def administer(
        self, actor: Person, username: str, *, is_disabled: bool | None = None, is_admin: bool | None = None
    ) -> Account:
        """Both or neither; what is so already is left alone. The account as it is then.

        Raises ``Conflict`` for the last administrator, ``Forbidden`` for disabling oneself.
        """
        async with self._database.transaction() as tx:
            await administrators_only(tx, actor)
            person = (await self._account(tx, username)).person
            if is_disabled is not None and is_disabled != person.is_disabled:
                person = await self._set_disabled(tx, actor, person, is_disabled)
            if is_admin is not None and is_admin != person.is_admin:
                await _set_admin(tx, actor, person, is_admin)
            return await self._account(tx, username)

    async def _set_disabled(self, tx: Transaction, actor: Person, person: Person, is_disabled: bool) -> Person:
        if person.id == actor.id:
            raise Forbidden(_("You cannot disable your own account."))
        person = await people.update(tx, person.id, is_disabled=is_disabled)
        # When they are let in again too: an account shut by an older version may still have what opened it.
        ended = await endings.end_everything(tx, self._news, person)
        await audit_log.note(
            tx, actor, "account.disabled" if is_disabled else "account.enabled", person.username, **ended
        )
        await owners.settle_all(tx, person)
        return person

    async def _account(self, db: Reader, username: str) -> Account:
        found = await people.seen(db, username)
        if found is None:
            raise NotFound(_("There is nobody called {username}.").format(username=username))
        return self._seen(*found)

    def _seen(self, person: Person, seen_at: int | None) -> Account:
        return Account(person, seen_at, is_here=self._news.presence.presence(person.id) != "offline")

    async def _insert(self, tx: Transaction, new: Applicant, password_hash: str, *, is_admin: bool = False) -> Person:
        return await joining.insert(tx, new, password_hash=password_hash, is_admin=is_admin, is_verified=True)

    async def _is_invited(self, invite: str) -> bool:
        if not invite or self._registration == "closed":
            return False
        return await invites.is_usable(self._database, tokens.digest(invite), self._database.clock())


async def _set_admin(tx: Transaction, actor: Person, person: Person, is_admin: bool) -> None:
    if is_admin and (person.is_disabled or not person.is_verified):
        raise Conflict(_("Only somebody who can log in can be made an administrator."))
    if not is_admin and not await people.is_other_admin(tx, person.id):
        raise Conflict(_("This is the only administrator. Make somebody else one first."))
    await people.update(tx, person.id, is_admin=is_admin)
    await audit_log.note(tx, actor, "admin.granted" if is_admin else "admin.withdrawn", person.username)
