"""The audit log as administrators read it. What is written into it, each noun writes itself, in its own transaction."""

from __future__ import annotations

from typing import Final

from chatapp.core.audit_log import Entry, Wanted
from chatapp.core.models import Person
from chatapp.domain.access import administrators_only
from chatapp.storage import audit_log
from chatapp.storage.database import Database

PAGE: Final = 50
MOST_EXPORTED: Final = 100_000


class AuditLog:
    """For administrators; for everybody else there is no such thing: ``NotFound``."""

    def __init__(self, *, database: Database) -> None:
        self._database = database

    async def page(self, actor: Person, wanted: Wanted) -> tuple[list[Entry], bool]:
        """A page of entries, newest first, and whether there are older ones."""
        await administrators_only(self._database, actor)
        found = await audit_log.newest(self._database, wanted, PAGE + 1)
        return found[:PAGE], len(found) > PAGE

    async def export(self, actor: Person, wanted: Wanted) -> list[Entry]:
        """All entries, newest first, up to a hundred thousand; that they were taken along is logged as well."""
        async with self._database.transaction() as tx:
            await administrators_only(tx, actor)
            await audit_log.note(tx, actor, "audit_log.exported")
        return await audit_log.newest(self._database, wanted, MOST_EXPORTED)

    async def latest(self, wanted: Wanted, limit: int) -> list[Entry]:
        """For the command line: newest first."""
        return await audit_log.newest(self._database, wanted, limit)
