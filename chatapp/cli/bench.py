"""How much this machine can carry, measured on a chat that is thrown away."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Final, NoReturn

import click

from chatapp import logs, serving
from chatapp.bench.errors import Unable
from chatapp.cli import furnish
from chatapp.cli.process import FAILED, read_settings
from chatapp.settings import PREFIX

if TYPE_CHECKING:
    from chatapp.bench.capacity import Capacity

# For so many sockets one person more, and for so many people one room.
SOCKETS_PER_PERSON: Final = 5
MEMBERS: Final = 10
LEAST_SECONDS: Final = 2


class Bar:
    """A progress bar of seconds, since nobody knows beforehand how far the ramp goes."""

    def __init__(self, seconds: int) -> None:
        self._begun = time.monotonic()
        self._shown = 0
        self._bar = click.progressbar(length=seconds, label="Making people", show_eta=False, show_percent=True)

    def __enter__(self) -> Bar:
        self._bar.__enter__()
        return self

    def __exit__(self, *failure: object) -> None:
        self._bar.render_finish()

    def show(self, doing: str) -> None:
        passed = int(time.monotonic() - self._begun)
        if passed > self._shown or doing != self._bar.label:
            self._bar.label = doing
            self._bar.update(passed - self._shown)
            self._shown = passed


@click.command()
@click.option("--sockets", type=click.IntRange(min=100), default=1000, show_default=True, help="In one room.")
@click.option(
    "--seconds", type=click.IntRange(min=LEAST_SECONDS), default=60, show_default=True, help="About how long to take."
)
def bench(sockets: int, seconds: int) -> int:
    """Measure what this machine can carry, and say so in plain words.

    A server is started on a chat of its own, beside the data folder so that it is the same disk, and filled with people
    who talk; all of it is gone afterwards. A running server is not touched, but shares the machine. Needs Linux.
    """
    if sys.platform != "linux":
        raise Unable("The measurement reads /proc and waits with epoll: it needs Linux.")
    # Or its server would.
    serving.refuse_unfit()
    settings = read_settings()
    logs.beside_answers()
    # Where the data will be: another disk takes another time to say that something is on it.
    beside = settings.data.resolve().parent
    with (
        _interruptible(),
        tempfile.TemporaryDirectory(prefix="chatapp-bench-", dir=beside if beside.is_dir() else None) as folder,
    ):
        found = _measured(Path(folder) / "data", settings.durability, sockets, seconds)
    for sentence in found.sentences():
        click.echo(sentence)
    return FAILED if found.faults else 0


def _measured(data: Path, durability: str, sockets: int, seconds: int) -> Capacity:
    # Here and not above: elsewhere than on Linux these modules do not load, and the other commands must.
    from chatapp.bench import capacity, server
    from chatapp.bench.crowd import Seat

    server.needs_descriptors(sockets)
    end = time.monotonic() + seconds
    people = sockets // SOCKETS_PER_PERSON
    with Bar(seconds) as bar:
        made = asyncio.run(
            furnish.furnish(data, people=people, rooms=people // MEMBERS, progress=lambda _: bar.show("Making people"))
        )
        crowd = [Seat(made.tokens[number % people], furnish.EVERYONE) for number in range(sockets)]
        groups = [Seat(token, room) for room, tokens in made.rooms.items() for token in tokens]
        environ = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        environ |= furnish.environment_for(data, durability)
        return capacity.measure(environ, crowd, groups, end - time.monotonic(), bar.show)


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM is as Ctrl+C: the server is stopped and the folder removed on the way out."""

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
