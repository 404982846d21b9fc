"""The columns of a person, of a room and of a read mark, in the order of their structs: asked for by several nouns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import sqlalchemy as sa

from chatapp.core.models import Person
from chatapp.core.reads import ReadMark
from chatapp.storage.tables import memberships, people, rooms

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
    people.c.is_away,
    people.c.status,
    people.c.hour_cycle,
    people.c.density,
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


MARK: Final = (memberships.c.read_index, memberships.c.read_turn, memberships.c.read_before)


def to_mark(index: int | None, turn: int | None, before: str | None) -> ReadMark:
    """From the three columns, which are NULL beside who is not in the room."""
    return ReadMark(index or 0, turn or 0, tuple(map(int, before.split())) if before else ())


def to_person(row: Sequence[Any]) -> Person:
    """From the driver, where a boolean is 0 or 1."""
    ident, username, display_name, email, is_admin, is_disabled, is_verified, *rest = row
    theme, time_zone, made, is_hidden, language, is_away, *words = rest
    flags = bool(is_admin), bool(is_disabled), bool(is_verified)
    known = ident, username, display_name, email
    return Person(*known, *flags, theme, time_zone, made, bool(is_hidden), language, bool(is_away), *words)
