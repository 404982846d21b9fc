"""What is kept of an administrative or security act, and the chain of hashes by which a change of it is seen."""

from __future__ import annotations

import hashlib
from typing import Any, Final, Literal, get_args

import msgspec

from chatapp.core import circumstances
from chatapp.core.models import Person

Action = Literal[
    "setup.done",
    "account.made",
    "account.registered",
    "account.verified",
    "account.renamed",
    "account.disabled",
    "account.enabled",
    "admin.granted",
    "admin.withdrawn",
    "login.ok",
    "login.failed",
    "login.limited",
    "logout",
    "session.ended",
    "sessions.ended",
    "password.changed",
    "password.reset_requested",
    "password.reset",
    "token.made",
    "token.revoked",
    "invite.made",
    "invite.revoked",
    "invite.used",
    "room.made",
    "room.changed",
    "member.joined",
    "member.left",
    "member.added",
    "member.removed",
    "member.became_owner",
    "message.deleted",
    "audit_log.exported",
    "secrets.changed",
    "database.backed_up",
    "database.restored",
    "database.copied",
]
ACTIONS: Final[tuple[str, ...]] = get_args(Action)
LONGEST_TARGET: Final = 100
LONGEST_ADDRESS: Final = 64
LONGEST_USER_AGENT: Final = 120
LONGEST_DETAIL: Final = 200
BEGINNING: Final = "0" * 64


class Draft(msgspec.Struct, frozen=True):
    """An entry without its place in the log. ``actor`` is kept as text: an account may go, what it did stays."""

    at: int
    actor_id: int | None
    actor: str
    action: Action
    target: str
    address: str
    user_agent: str
    detail: dict[str, Any]


class Entry(msgspec.Struct, frozen=True):
    """An entry as it stands in the log. ``hash`` covers the other fields, and through ``previous`` all entries before.
    ``detail`` is a JSON object."""

    id: int
    at: int
    actor_id: int | None
    actor: str
    action: str
    target: str
    address: str
    user_agent: str
    detail: str
    previous: str
    hash: str


class Wanted(msgspec.Struct, frozen=True):
    """Which entries: by the name of who acted or was acted on, by action, from ``since`` until before ``until``,
    older than entry ``before``."""

    who: str = ""
    action: str = ""
    since: int | None = None
    until: int | None = None
    before: int | None = None


class Mark(msgspec.Struct, frozen=True):
    """A place in the chain: the number of an entry and its hash."""

    id: int = 0
    hash: str = BEGINNING

    def __str__(self) -> str:
        return f"{self.id} {self.hash}"

    @classmethod
    def read(cls, text: str) -> Mark:
        number, _, digest = text.partition(" ")
        return cls(int(number), digest)


def draft(at: int, actor: Person | None, action: Action, target: str = "", **detail: Any) -> Draft:
    """What ``actor`` has just done, under the circumstances of this moment. Never hand in a secret."""
    here = circumstances.current()
    return Draft(
        at=at,
        actor_id=actor.id if actor and not here.actor else None,
        actor=here.actor or (actor.username if actor else ""),
        action=action,
        target=_line(target, LONGEST_TARGET),
        address=_line(here.address, LONGEST_ADDRESS),
        user_agent=_line(here.user_agent, LONGEST_USER_AGENT),
        detail={name: _clean(value) for name, value in detail.items()},
    )


def sealed(new: Draft, after: Mark) -> Entry:
    """The entry that follows ``after``."""
    fields = {name: getattr(new, name) for name in new.__struct_fields__}
    detail = msgspec.json.encode(new.detail, order="sorted").decode()
    entry = Entry(after.id + 1, **{**fields, "detail": detail}, previous=after.hash, hash="")
    return msgspec.structs.replace(entry, hash=digest(entry))


def digest(entry: Entry) -> str:
    """SHA-256 over every field but the hash itself."""
    return hashlib.sha256(msgspec.json.encode(msgspec.structs.astuple(entry)[:-1])).hexdigest()


def _clean(value: Any) -> Any:
    return _line(value, LONGEST_DETAIL) if isinstance(value, str) else value


def _line(text: str, most: int) -> str:
    """What a table can show and a database can store: one line, without what cannot be printed."""
    clean = text.encode("utf-8", "replace").decode()
    return "".join(character if character.isprintable() else "�" for character in clean)[:most]
