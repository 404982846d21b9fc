"""A line of the message box that begins with a slash."""

from __future__ import annotations

from typing import Annotated

import msgspec

from chatapp.core.errors import ChatError, FieldError
from chatapp.domain import commands
from chatapp.gateway.registry import Answer, Command, Slug, command
from chatapp.gateway.socket import Socket


class RunCommand(Command, frozen=True, tag="runCommand", kw_only=True):
    """Do what ``line`` says, such as ``/topic Lunch``; ``client_id`` is the idempotency key of what it posts."""

    room: Slug
    line: str
    client_id: Annotated[str, msgspec.Meta(max_length=64)] = ""


@command(RunCommand)
async def run(socket: Socket, wanted: RunCommand) -> Answer:
    actor = socket.identity.person
    try:
        outcome = await commands.run(socket.chat, actor, wanted.room, wanted.line, wanted.client_id)
    except ChatError as error:
        # Whatever the act itself calls it, it stands in the line.
        error.errors = tuple(FieldError("line", each.detail) for each in error.errors)
        raise
    return Answer({"said": outcome.said, "address": outcome.address})
