"""Tickets for opening one socket: a secret that may stand in a URL, since it is worth nothing a moment later."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import msgspec

from chatapp.core import tokens
from chatapp.core.limits import Limits
from chatapp.core.models import Identity
from chatapp.storage.database import Database

PREFIX: Final = "chat_ticket_"
SECONDS: Final = 30
# Older ones are dropped: what is bounded is memory, not who may ask.
MOST: Final = 10_000


class Ticket(msgspec.Struct, frozen=True):
    """Whose it is, for a page of which origin (empty: for a script), and until when."""

    identity: Identity
    origin: str
    expires_at: int


class Tickets:
    """Kept in memory: after a restart a client asks for another."""

    def __init__(self, *, database: Database, limits: Limits) -> None:
        self._clock = database.clock
        self._limits = limits
        self._open: OrderedDict[str, Ticket] = OrderedDict()

    async def create(self, identity: Identity, origin: str) -> str:
        """Good for one socket within :data:`SECONDS`, and only from ``origin``. Raises ``RateLimited``."""
        self._limits.act("ticket", identity.person.id)
        secret = PREFIX + tokens.new_secret()
        self._open[tokens.digest(secret)] = Ticket(identity, origin, self._clock() + SECONDS * 1000)
        while len(self._open) > MOST:
            self._open.popitem(last=False)
        return secret

    def use(self, secret: str, origin: str) -> Identity | None:
        """Use it up: the credential that it was made with, or None. Whether that is still good is asked elsewhere."""
        ticket = self._open.pop(tokens.digest(secret), None)
        if ticket is None or ticket.origin != origin or ticket.expires_at <= self._clock():
            return None
        return ticket.identity
