"""What ends with what: logins with their password, everything with the account, the oldest session with a new one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, get_args

from chatapp.core.credentials import TokenKind
from chatapp.core.errors import Conflict, Unauthenticated
from chatapp.core.language import _
from chatapp.core.models import Person
from chatapp.core.notices import PersonEnded, SessionEnded, TokenEnded
from chatapp.domain.news import News
from chatapp.domain.passwords import WRONG
from chatapp.storage import invites, links, people, sessions, tokens
from chatapp.storage.database import Transaction

MOST_SESSIONS: Final = 50


async def end_logins(tx: Transaction, news: News, person: Person, *, except_digest: str | None = None) -> None:
    """All sessions but that one, and all JWTs; their sockets after the commit.

    Personal tokens stay: they were made on purpose, for programs that know no password.
    """
    digests = await sessions.delete_of(tx, person.id, except_digest=except_digest)
    token_ids = await tokens.delete_of(tx, person.id, "jwt")
    await news.say(tx, *map(SessionEnded, digests), *map(TokenEnded, token_ids))


async def end_everything(tx: Transaction, news: News, person: Person) -> dict[str, int]:
    """All by which they could come back, or let others in: sessions, tokens of any kind, links for a new password, and
    invites that they made; their sockets after the commit. How many of each there were."""
    ended = {
        "sessions": len(await sessions.delete_of(tx, person.id)),
        "tokens": len(await tokens.delete_of(tx, person.id, *get_args(TokenKind))),
        "invites": await invites.delete_of(tx, person.id),
    }
    await links.delete_of(tx, person.id, "reset")
    await news.say(tx, PersonEnded(person.id))
    return ended


async def make_room(tx: Transaction, news: News, person: Person, seen: Mapping[str, int]) -> int:
    """To be called before a session is added: those unused longest end where there would be more than
    :data:`MOST_SESSIONS`; how many. ``seen``: moments by digest that are not written down yet."""
    theirs = await sessions.of_person(tx, person.id)
    theirs.sort(key=lambda session: max(session.seen_at, seen.get(session.digest, 0)), reverse=True)
    surplus = theirs[MOST_SESSIONS - 1 :]
    for session in surplus:
        await sessions.delete(tx, person.id, session.digest)
    await news.say(tx, *(SessionEnded(session.digest) for session in surplus))
    return len(surplus)


async def active(tx: Transaction, person: Person) -> Person:
    """As they are now: what a request found at its beginning may be over. Raises ``Unauthenticated``."""
    current = await people.by_id(tx, person.id)
    if current is None or current.is_disabled:
        raise Unauthenticated(WRONG)
    return current


async def still_fits(tx: Transaction, person: Person, password_hash: str) -> None:
    """Raises ``Conflict`` where the password was changed since it was checked against that hash."""
    if await people.password_hash(tx, person.id) != password_hash:
        raise Conflict(_("Your password was changed elsewhere in the meantime."))
