"""What became of a commit whose answer was lost with the connection: by its number, and by what it was to store."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from chatapp.storage.database import Commit
from chatapp.storage.engine import AsyncConnection

# Numbers rise: one that is not below this transaction's own was taken back by a crash, with what was done under it.
_BECAME_OF: Final = sa.text(
    "SELECT CASE WHEN number < pg_current_xact_id() THEN pg_xact_status(number) ELSE 'aborted' END "
    "FROM (SELECT CAST(CAST(:number AS text) AS xid8) AS number) AS asked"
)


async def became_of(connection: AsyncConnection, number: str, commit: Commit) -> str:
    """ "committed", "aborted" or "in progress". Asked in a transaction that has a number itself.

    After a crash the number may be another's, which committed: then its witness finds nothing. Without one the number
    alone is believed.
    """
    became = str((await connection.execute(_BECAME_OF, {"number": number})).scalar_one())
    if became != "committed" or commit.witness is None:
        return became
    return "committed" if (await connection.execute(commit.witness())).first() else "aborted"
