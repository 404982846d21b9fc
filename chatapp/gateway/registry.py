"""The table of commands: an action's name, its schema, its function."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple, TypeVar

import msgspec

from chatapp.gateway.protocol import Ref

if TYPE_CHECKING:
    from chatapp.gateway.socket import Socket

Index = Annotated[int, msgspec.Meta(ge=1, le=2**53)]
Version = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
# How far somebody has read: in an empty room, nothing.
Position = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
Slug = Annotated[str, msgspec.Meta(max_length=64)]


class Command(msgspec.Struct, frozen=True, tag_field="action", kw_only=True):
    """What every frame may carry besides its own fields. Unknown fields are ignored."""

    ref: Ref | msgspec.UnsetType = msgspec.UNSET


class Answer(NamedTuple):
    """The fields of an answer, and what must follow right after it is written."""

    fields: dict[str, Any]
    then: Callable[[], None] | None = None


Function = Callable[["Socket", Any], Awaitable[Answer]]
COMMANDS: Final[dict[type[Command], Function]] = {}

C = TypeVar("C", bound=Command)


def command(
    schema: type[C],
) -> Callable[[Callable[[Socket, C], Awaitable[Answer]]], Callable[[Socket, C], Awaitable[Answer]]]:
    """Enter a function into the table under its schema's action."""

    def enter(function: Callable[[Socket, C], Awaitable[Answer]]) -> Callable[[Socket, C], Awaitable[Answer]]:
        COMMANDS[schema] = function
        return function

    return enter


def actions() -> dict[str, type[Command]]:
    """Every action's schema, by name."""
    return {str(schema.__struct_config__.tag): schema for schema in COMMANDS}


def decoder() -> msgspec.json.Decoder[Command]:
    """One decoder for all commands: it finds the schema by the frame's ``action``."""
    union: Any = None
    for schema in COMMANDS:
        union = schema if union is None else union | schema
    return msgspec.json.Decoder(union)
