"""Who may be meant by the beginning of a name that is being typed."""

from __future__ import annotations

import msgspec


class Candidate(msgspec.Struct, frozen=True):
    """Somebody, as seen from a room."""

    username: str
    display_name: str
    is_member: bool
