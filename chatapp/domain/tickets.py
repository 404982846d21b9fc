"""Tickets for opening one socket: a secret that may stand in a URL, since it is worth nothing a moment later."""

from __future__ import annotations

from typing import Final

from chatapp.core import tokens
from chatapp.core.limits import Limits
from chatapp.core.models import Identity
from chatapp.storage import tickets
from chatapp.storage.database import Database

PREFIX: Final = "chat_ticket_"
SECONDS: Final = 30


class Tickets:
    """Rows, since the process that takes one need not be the one that gave it."""

    def __init__(self, *, database: Database, limits: Limits) -> None:
        self._database = database
        self._limits = limits

    async def create(self, identity: Identity, origin: str) -> str:
        """Good for one socket within :data:`SECONDS`, and only from ``origin``. Raises ``RateLimited``."""
        self._limits.act("ticket", identity.person.id)
        secret = PREFIX + tokens.new_secret()
        async with self._database.transaction(alone=False) as tx:
            expires_at = tx.at + SECONDS * 1000
            await tickets.insert(tx, identity, digest=_digest(secret, origin), expires_at=expires_at)
        return secret

    async def use(self, secret: str, origin: str) -> Identity | None:
        """Use it up: the credential that it was made with, or None. Whether that is still good is asked elsewhere."""
        digest = _digest(secret, origin)
        # Only looked for, since a secret that somebody has made up must cost no write.
        found = await tickets.find(self._database, digest, self._database.clock())
        if found is None:
            return None
        async with self._database.transaction(alone=False) as tx:
            return found if await tickets.delete(tx, digest) else None


def _digest(secret: str, origin: str) -> str:
    """Of both, so that from elsewhere there is no such ticket. A secret holds no space."""
    return tokens.digest(f"{secret} {origin}")
