"""Invitations: links by which administrators let people register."""

from __future__ import annotations

from typing import Final

from chatapp.core import tokens
from chatapp.core.credentials import Invite
from chatapp.core.errors import Forbidden, NotFound, invalid
from chatapp.core.language import _
from chatapp.core.limits import Limits
from chatapp.core.models import Person
from chatapp.domain.access import administrators_only
from chatapp.settings import Settings
from chatapp.storage import audit_log, invites
from chatapp.storage.database import Database, Reader

DAY_MS: Final = 86_400_000
MOST_DAYS: Final = 365
MOST_USES: Final = 1000


class Invites:
    """For administrators; raises ``Forbidden`` for everybody else."""

    def __init__(self, *, database: Database, limits: Limits, settings: Settings) -> None:
        self._database = database
        self._limits = limits
        self._is_closed = settings.registration == "closed"

    async def create(self, actor: Person, *, days: int = 7, uses: int = 25) -> tuple[Invite, str]:
        """The invitation and its secret, which is shown now and never again: the link is ``/join/{secret}``."""
        if not 1 <= days <= MOST_DAYS:
            raise invalid("days", _("An invitation lasts 1 to {n} days.").format(n=MOST_DAYS))
        if not 1 <= uses <= MOST_USES:
            raise invalid("uses", _("An invitation can be used 1 to {n} times.").format(n=MOST_USES))
        if self._is_closed:
            raise Forbidden(_("Registration is closed on this server: an invitation could not be used."))
        self._limits.act("invite", actor.id)
        secret, now = tokens.new_secret(), self._database.clock()
        async with self._database.transaction() as tx:
            await _refuse_others(tx, actor)
            invite = await invites.insert(
                tx,
                digest=tokens.digest(secret),
                created_by=actor.id,
                at=now,
                expires_at=now + days * DAY_MS,
                uses=uses,
            )
            await audit_log.note(tx, actor, "invite.made", f"invite {invite.id}", days=days, uses=uses)
        return invite, secret

    async def all(self, actor: Person) -> list[Invite]:
        """Newest first, used-up ones included, expired ones not."""
        await _refuse_others(self._database, actor)
        now = self._database.clock()
        return [invite for invite in await invites.every(self._database) if invite.expires_at > now]

    async def revoke(self, actor: Person, invite_id: int) -> None:
        """The link ends at once. Raises ``NotFound``."""
        async with self._database.transaction() as tx:
            await _refuse_others(tx, actor)
            if not await invites.delete(tx, invite_id):
                raise NotFound
            await audit_log.note(tx, actor, "invite.revoked", f"invite {invite_id}")

    async def is_usable(self, secret: str) -> bool:
        """Whether somebody could register with it now."""
        if self._is_closed:
            return False
        return await invites.is_usable(self._database, tokens.digest(secret), self._database.clock())


async def _refuse_others(db: Reader, actor: Person) -> None:
    await administrators_only(db, actor, Forbidden(_("Only administrators may invite people.")))
