"""What a new password ends: everything that was opened with the old one."""

from __future__ import annotations

from functools import partial

from chatapp.core.models import Person
from chatapp.realtime.hub import Hub
from chatapp.storage import sessions, tokens
from chatapp.storage.database import Transaction


async def end_logins(tx: Transaction, hub: Hub, person: Person, *, except_digest: str | None = None) -> None:
    """All sessions but that one, and all JWTs; their sockets after the commit.

    Personal tokens stay: they were made on purpose, for programs that know no password.
    """
    for digest in await sessions.delete_of(tx, person.id, except_digest=except_digest):
        tx.after_commit(partial(hub.end_session, digest))
    for token_id in await tokens.delete_of(tx, person.id, "jwt"):
        tx.after_commit(partial(hub.end_token, token_id))
