"""What lets somebody in: a browser that is signed in, a token, an invite."""

from __future__ import annotations

from typing import Final, Literal

import msgspec

TokenKind = Literal["jwt", "personal", "bot"]
# Of where a session was begun.
LONGEST_ADDRESS: Final = 64
LONGEST_USER_AGENT: Final = 200


class Session(msgspec.Struct, frozen=True):
    """One signed-in browser. ``digest`` is the SHA-256 of the secret in its cookie."""

    digest: str
    person_id: int
    created_at: int
    seen_at: int
    expires_at: int
    is_remembered: bool = False
    address: str = ""
    user_agent: str = ""


class Token(msgspec.Struct, frozen=True):
    """A credential for scripts; the secret itself is not kept."""

    id: int
    person_id: int
    kind: TokenKind
    name: str
    created_at: int
    expires_at: int | None = None
    last_used_at: int | None = None


class Invite(msgspec.Struct, frozen=True):
    """A link that lets somebody register. ``uses_left`` counts down to 0."""

    id: int
    created_by: int
    created_at: int
    expires_at: int
    uses_left: int


def storable(text: str, most: int) -> str:
    """Headers come as bytes of any kind; what is no text would fail in the database."""
    clean = text.encode("utf-8", "replace").decode()
    return "".join(character for character in clean if character.isprintable())[:most]
