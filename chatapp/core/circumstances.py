"""From where an act comes: set by the outermost door, read by what writes the audit log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

import msgspec

COMMAND_LINE: Final = "command line"


class Circumstances(msgspec.Struct, frozen=True):
    """Address and browser of a request. ``actor`` names who acts where that is not the person a method is given."""

    address: str = ""
    user_agent: str = ""
    actor: str = ""


_current: ContextVar[Circumstances | None] = ContextVar("circumstances", default=None)


def current() -> Circumstances:
    """Those of the request, the socket or the command that is being served; empty ones outside of any."""
    return _current.get() or Circumstances()


def begin(circumstances: Circumstances) -> None:
    """What this task does from here on, and tasks begun in it do, is done under these circumstances."""
    _current.set(circumstances)


@contextmanager
def under(circumstances: Circumstances) -> Iterator[None]:
    """What is done inside the block, and by tasks begun in it, is done under these circumstances."""
    token = _current.set(circumstances)
    try:
        yield
    finally:
        _current.reset(token)
