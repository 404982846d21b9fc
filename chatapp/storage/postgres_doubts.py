"""What became of a commit whose answer was lost with the connection: by its number, and by what it was to store."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from chatapp.core.models import Message
from chatapp.storage.checksum import with_checksum
from chatapp.storage.engine import AsyncConnection
from chatapp.storage.tables import messages

# Numbers rise: one that is not below this transaction's own was taken back by a crash, with what was done under it.
_BECAME_OF: Final = sa.text(
    "SELECT CASE WHEN number < pg_current_xact_id() THEN pg_xact_status(number) ELSE 'aborted' END "
    "FROM (SELECT CAST(CAST(:number AS text) AS xid8) AS number) AS asked"
)


async def became_of(connection: AsyncConnection, number: str, witness: Message | None) -> str:
    """ "committed", "aborted" or "in progress". Asked in a transaction that has a number itself.

    ``witness``: a message that it was to store. After a crash the number may be another's, which committed.
    """
    became = str((await connection.execute(_BECAME_OF, {"number": number})).scalar_one())
    if became != "committed" or witness is None:
        return became
    is_there = (messages.c.id == witness.id, messages.c.version == witness.version)
    found = await connection.execute(sa.select(messages.c.checksum).where(*is_there))
    return "committed" if found.scalar() == with_checksum(witness)[-1] else "aborted"
