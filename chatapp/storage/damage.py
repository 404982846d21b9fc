"""What is still said of a message whose row the disk has altered: that it is there, and nothing of its words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import structlog

from chatapp.core.models import DAMAGED, MOST_IN_A_ROOM, Message

LAST_MOMENT: Final = 253_402_300_799_999

log = structlog.get_logger()


def damaged(username: object, name: object, stored: Sequence[Any]) -> Message:
    """From the columns of a row: its place by the id, the rest where it has the right form."""
    ident, _, _, version, author_id, _, _, _, at, _, _, _, client_id, *_ = stored
    room_id, index = ident >> 32, ident & MOST_IN_A_ROOM
    log.error("message.damaged", room=room_id, index=index)
    return Message(
        ident,
        room_id,
        index,
        max(_number(version), 1),
        _number(author_id),
        _text(username),
        _text(name),
        "",
        "",
        min(max(_number(at), 0), LAST_MOMENT),
        client_id=_text(client_id),
        kind=DAMAGED,
    )


def within(found: Sequence[Message], top: int) -> list[Message]:
    """The same, no damaged one above the sound ones: catching up goes on from the highest version it has seen."""
    highest = max((message.version for message in found if not message.is_damaged), default=top)
    return [
        msgspec.structs.replace(message, version=min(message.version, highest)) if message.is_damaged else message
        for message in found
    ]


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
