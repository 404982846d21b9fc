"""How an account comes to be: what its fields must be, that none is taken, and that everyone is in general."""

from __future__ import annotations

from typing import Final

import msgspec

from chatapp.core import passwords, validation
from chatapp.core.errors import FieldError, Invalid, invalid
from chatapp.core.language import N_, _
from chatapp.core.models import Person
from chatapp.core.rooms import GENERAL
from chatapp.storage import memberships, people, rooms
from chatapp.storage.database import Transaction

USERNAME_TAKEN: Final = N_("This username is taken.")


class Applicant(msgspec.Struct, frozen=True):
    """Who wants an account: clean values, and the password as it was typed."""

    username: str
    email: str
    display_name: str
    password: str


def applicant(*, username: str, email: str, password: str, display_name: str, chat: str) -> Applicant:
    """Raises ``Invalid`` with every field that is wrong. Without a display name the username stands in.
    ``chat``: its name, of which no password may be made."""
    values = validation.together(
        username=lambda: validation.username(username),
        email=lambda: validation.email(email),
        display_name=lambda: validation.display_name(display_name) if display_name.strip() else "",
        password=lambda: passwords.check(password, username.strip(), email, display_name, chat),
    )
    return Applicant(**{**values, "display_name": values["display_name"] or values["username"]})


async def insert(tx: Transaction, new: Applicant, *, password_hash: str, is_admin: bool, is_verified: bool) -> Person:
    """Raises ``Invalid`` for a username or an address that is taken."""
    await _refuse_taken(tx, new)
    return await _insert(tx, new, new.email, password_hash, is_admin=is_admin, is_verified=is_verified)


async def insert_stranger(tx: Transaction, new: Applicant, *, password_hash: str) -> Person:
    """An account that waits for its address to be confirmed. Where the address is another's already it has none
    and waits in vain: the stranger sees no difference. Raises ``Invalid`` for a username that is taken."""
    is_anothers = await people.by_email(tx, new.email) is not None
    if await people.by_username(tx, new.username):
        raise invalid("username", USERNAME_TAKEN)
    email = None if is_anothers else new.email
    return await _insert(tx, new, email, password_hash, is_admin=False, is_verified=False)


async def _insert(
    tx: Transaction, new: Applicant, email: str | None, password_hash: str, *, is_admin: bool, is_verified: bool
) -> Person:
    person = await people.insert(
        tx,
        username=new.username,
        email=email,
        display_name=new.display_name,
        password_hash=password_hash,
        is_admin=is_admin,
        is_verified=is_verified,
        at=tx.at,
    )
    return await let_in(tx, person, tx.at) if is_verified else person


async def let_in(tx: Transaction, person: Person, at: int) -> Person:
    """From here on they are in general. Nothing changes for those who are already."""
    if not person.is_verified:
        person = await people.update(tx, person.id, is_verified=True)
    general = await rooms.by_slug(tx, GENERAL)
    if general is not None:
        await memberships.insert(tx, general.id, person.id, "member", general.last_index, at)
    return person


async def _refuse_taken(tx: Transaction, new: Applicant) -> None:
    taken = []
    if await people.by_username(tx, new.username):
        taken.append(FieldError("username", USERNAME_TAKEN))
    if await people.by_email(tx, new.email):
        taken.append(FieldError("email", _("There is an account with this address already.")))
    if taken:
        raise Invalid(taken[0].detail, errors=tuple(taken))
