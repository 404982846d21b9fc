"""What ends with what: logins with their password, everything with the account, the oldest session with a new one."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final, get_args

from chatapp.core.models import Person, TokenKind
from chatapp.realtime.hub import Hub
from chatapp.storage import invites, links, sessions, tokens
from chatapp.storage.database import Transaction

MOST_SESSIONS: Final = 50


async def end_logins(tx: Transaction, hub: Hub, person: Person, *, except_digest: str | None = None) -> None:
    """All sessions but that one, and all JWTs; their sockets after the commit.

    Personal tokens stay: they were made on purpose, for programs that know no password.
    """
    for digest in await sessions.delete_of(tx, person.id, except_digest=except_digest):
        tx.after_commit(partial(hub.end_session, digest))
    for token_id in await tokens.delete_of(tx, person.id, "jwt"):
        tx.after_commit(partial(hub.end_token, token_id))


async def end_everything(tx: Transaction, hub: Hub, person: Person) -> dict[str, int]:
    """All by which they could come back, or let others in: sessions, tokens of any kind, links for a new password, and
    invites that they made; their sockets after the commit. How many of each there were."""
    ended = {
        "sessions": len(await sessions.delete_of(tx, person.id)),
        "tokens": len(await tokens.delete_of(tx, person.id, *get_args(TokenKind))),
        "invites": await invites.delete_of(tx, person.id),
    }
    await links.delete_of(tx, person.id, "reset")
    tx.after_commit(partial(hub.end_person, person.id))
    return ended


async def make_room(tx: Transaction, hub: Hub, person: Person, seen: Mapping[str, int]) -> int:
    """To be called before a session is added: those unused longest end where there would be more than
    :data:`MOST_SESSIONS`; how many. ``seen``: moments by digest that are not written down yet."""
    theirs = await sessions.of_person(tx, person.id)
    theirs.sort(key=lambda session: max(session.seen_at, seen.get(session.digest, 0)), reverse=True)
    surplus = theirs[MOST_SESSIONS - 1 :]
    for session in surplus:
        await sessions.delete(tx, person.id, session.digest)
        tx.after_commit(partial(hub.end_session, session.digest))
    return len(surplus)
