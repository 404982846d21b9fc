"""Runs the command again and again, each time in a process that kills itself before the statement it is told to.

Reads numbers from stdin; 0 lets it come to its end. Answers each with how the process ended: minus 9, or its code.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from chatapp.cli import main
from chatapp.storage import copying_source
from chatapp.storage.copying import copying

SLICE = 5


def kills_itself(left: int) -> None:
    """Before one more statement is sent, or answered, than there are ``left``."""

    def counted(method: Any) -> Any:
        async def call(*arguments: Any, **named: Any) -> Any:
            count()
            answer = await method(*arguments, **named)
            count()
            return answer

        return call

    def count() -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    for owner, name in ((asyncpg.Connection, "execute"), (asyncpg.Connection, "fetch"), (AsyncConnection, "commit")):
        setattr(owner, name, counted(getattr(owner, name)))


def runs(number: int) -> int:
    """In a process of its own; how it ended."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    copying_source.SLICE = SLICE  # type: ignore[misc]
    if number:
        kills_itself(number)
    # What is printed there is not for whoever asks.
    os.dup2(2, 1)
    try:
        main()
    except SystemExit as end:
        os._exit(int(end.code or 0))
    os._exit(99)


if __name__ == "__main__":
    # Imported before the first of them begins, so that none has to.
    assert callable(copying)
    for line in sys.stdin:
        print(runs(int(line)), flush=True)
