"""Whom people may know of, and what: a name, and since when somebody is here."""

from __future__ import annotations

from typing import Final

from chatapp.core import validation
from chatapp.core.errors import NotFound
from chatapp.core.language import _
from chatapp.core.models import Person
from chatapp.storage import people
from chatapp.storage.database import Database

PAGE: Final = 50


class People:
    """Everybody here, as the others see them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def all(self, actor: Person) -> list[Person]:
        """Whom the actor may write to, by username."""
        found = await people.everyone(self._database)
        return [_as_others_see(person) for person in found if _may_be_written_to(person) and not actor.is_disabled]

    async def listed(
        self, actor: Person, *, wanted: str = "", after: str = "", limit: int = PAGE
    ) -> tuple[list[Person], bool]:
        """As :meth:`all`: those from behind ``after`` on with ``wanted`` in their names, and whether more follow."""
        text = validation.sought(wanted.removeprefix("@"))
        if text is None or not after.isascii() or actor.is_disabled:
            return [], False
        found = await people.listed(self._database, wanted=text, after=after, limit=limit + 1)
        return [_as_others_see(person) for person in found[:limit]], len(found) > limit

    async def show(self, actor: Person, username: str) -> Person:
        """One of :meth:`all`, or somebody who is shut out by now: their words stand in the room of everybody.

        Raises ``NotFound``.
        """
        person = await people.by_username(self._database, username)
        if person is None or not person.is_verified or actor.is_disabled:
            raise NotFound(_("There is nobody called {username}.").format(username=username))
        return _as_others_see(person)


def _may_be_written_to(person: Person) -> bool:
    return person.is_verified and not person.is_disabled


def _as_others_see(person: Person) -> Person:
    return Person(
        person.id,
        person.username,
        person.display_name,
        created_at=person.created_at,
        is_disabled=person.is_disabled,
        is_verified=True,
    )
