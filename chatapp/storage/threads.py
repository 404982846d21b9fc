"""A thread beside the event loop, which gives way to it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress


def beside_the_loop(name: str) -> ThreadPoolExecutor:
    """One thread that does one thing after the other."""
    return ThreadPoolExecutor(1, name, initializer=_give_way)


def _give_way() -> None:
    """Have Linux wake this thread without taking the core away from whoever has it (``SCHED_BATCH``, sched(7)).

    Otherwise whatever the loop hands over interrupts the loop, in the middle of a turn, by a thread that can only wait
    for the interpreter's lock, which the loop has.
    """
    with suppress(OSError):
        if os.sched_getscheduler(0) == os.SCHED_OTHER:
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
