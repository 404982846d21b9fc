"""The columns of a person, in the order of the struct: asked for by people, sessions and tokens alike."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from chatapp.storage.tables import people

PERSON: Final = (
    people.c.id,
    people.c.username,
    people.c.display_name,
    sa.func.coalesce(people.c.email, ""),
    people.c.is_admin,
    people.c.is_disabled,
    people.c.is_verified,
    people.c.theme,
    people.c.time_zone,
    people.c.created_at,
)
