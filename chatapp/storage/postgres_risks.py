"""What an operator of a PostgreSQL server should hear at the start."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from chatapp.storage.database import Database

SETTINGS: Final = {
    "fsync": "a power cut can destroy the whole database.",
    "full_page_writes": "a power cut can leave pages half-written.",
}
# A ticket for a socket lives for half a minute.
CLOCK_SECONDS: Final = 5
NOW: Final = sa.select(sa.cast(sa.func.extract("epoch", sa.func.clock_timestamp()), sa.Float))


async def risks_of(database: Database) -> list[str]:
    """Sentences. Raises ``Unavailable``."""
    found = {name: await database.all(sa.select(sa.func.current_setting(name))) for name in SETTINGS}
    said = [f"PostgreSQL runs with {name}=off: {SETTINGS[name]}" for name, rows in found.items() if rows[0][0] == "off"]
    for (there,) in await database.all(NOW):
        ahead = round(database.clock() / 1000 - there)
        if abs(ahead) > CLOCK_SECONDS:
            said.append(
                f"The clock here is {abs(ahead)} s {'ahead of' if ahead > 0 else 'behind'} that of PostgreSQL: "
                "what has a time ends sooner or later from process to process. Set the clocks of all machines by NTP."
            )
    return said
