"""What every process must do once something has ended or been changed: rows, where several processes are."""

from __future__ import annotations

import msgspec

from chatapp.core.counters import Step
from chatapp.core.events import LevelChanged, Read, RoomAdded, RoomChanged, UserChanged


class Notice(msgspec.Struct, frozen=True, tag_field="notice"):
    """Named in the past tense."""


class Begun(Notice, frozen=True, tag="begun"):
    """A process has started, which knows everything up to here. ``keys``: the fingerprint of those it has.

    ``process``: what it calls itself on the bus. ``settings``: those that should be the same in all, by name, as far as
    they are not the default; None for a command.
    """

    keys: str = ""
    process: str = ""
    settings: dict[str, str] | None = None


class Unheard(Notice, frozen=True, tag="unheard"):
    """Of a process that has begun another hears nothing over the bus."""

    process: str


class SessionEnded(Notice, frozen=True, tag="sessionEnded"):
    digest: str


class TokenEnded(Notice, frozen=True, tag="tokenEnded"):
    token_id: int


class PersonEnded(Notice, frozen=True, tag="personEnded"):
    """All of a person's credentials."""

    person_id: int


class MembershipEnded(Notice, frozen=True, tag="membershipEnded"):
    room_id: int
    person_id: int
    room: str


class Renamed(Notice, frozen=True, tag="renamed"):
    """Somebody bears another name, in what was said before too."""

    news: UserChanged


class PresenceChanged(Notice, frozen=True, tag="presenceChanged"):
    """Somebody is to be shown otherwise from now on: hidden or not, as away or not, with another reason."""

    person_id: int


class Told(Notice, frozen=True, tag="told"):
    """News for people that they cannot ask for again."""

    person_ids: tuple[int, ...]
    news: LevelChanged | Read | RoomAdded | RoomChanged


class Counted(Notice, frozen=True, tag="counted"):
    """A process has counted tries: counter, step, key and moment of each. Keys tell nobody whose they are."""

    process: str
    steps: tuple[tuple[str, Step, str, int], ...]


AnyNotice = (
    Begun
    | Unheard
    | Counted
    | SessionEnded
    | TokenEnded
    | PersonEnded
    | MembershipEnded
    | Renamed
    | PresenceChanged
    | Told
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyNotice] = msgspec.json.Decoder(AnyNotice)


def encode(notice: AnyNotice) -> str:
    return _encoder.encode(notice).decode()


def decode(text: str) -> AnyNotice:
    """Raises ``msgspec.DecodeError`` for what another version of chatapp wrote and this one does not know."""
    return _decoder.decode(text)
