"""The columns of a person and of a room, in the order of their structs: asked for by several nouns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from chatapp.core.models import Person
from chatapp.storage.tables import people, rooms

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
    people.c.is_hidden,
    people.c.language,
)

ROOM: Final = (
    rooms.c.id,
    rooms.c.slug,
    rooms.c.name,
    rooms.c.topic,
    rooms.c.kind,
    rooms.c.created_by,
    rooms.c.created_at,
    rooms.c.last_index,
    rooms.c.last_version,
)


def to_person(row: Sequence[Any]) -> Person:
    """From the driver, where a boolean is 0 or 1."""
    ident, username, display_name, email, is_admin, is_disabled, is_verified, *rest = row
    theme, time_zone, made, is_hidden, language = rest
    flags = bool(is_admin), bool(is_disabled), bool(is_verified)
    return Person(ident, username, display_name, email, *flags, theme, time_zone, made, bool(is_hidden), language)
