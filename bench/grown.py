"""The same room with little and with much in it, each on a server of its own, on either engine."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import click

from bench.peers import House
from bench.table import Runs
from chatapp.bench import server
from chatapp.bench.scenarios import growth
from chatapp.bench.scenarios.growth import Grown
from chatapp.cli import furnish
from chatapp.cli.furnish import Furnished
from tests.support.postgres import Databases
from tests.support.postgres_server import Server as PostgresServer

SIZES: Final = (1000, 100_000, 1_000_000)
ROUNDS: Final = 200
VERSIONS: Final = Path(__file__).parent.parent / "migrations" / "versions"


def schema() -> str:
    """The newest migration: a database of another one is made anew."""
    return max(path.stem for path in VERSIONS.glob("*.py"))


def on_sqlite(house: House, alternations: int, sizes: Sequence[int] = SIZES, rounds: int = ROUNDS) -> Runs:
    """All sizes asked in turns, each time on new copies of the files, which are kept for the next run."""
    runs = _no_runs(sizes)
    for _ in range(alternations):
        house.clear()
        with ExitStack() as stack:
            _compare(runs, [_serve_copy(house, size, stack) for size in sizes], rounds)
    return runs


def on_postgres(house: House, alternations: int, sizes: Sequence[int] = SIZES, rounds: int = ROUNDS) -> Runs:
    """All sizes asked in turns, on databases that are made for this run and removed at its end."""
    runs = _no_runs(sizes)
    house.clear()
    with _databases() as databases:
        made = [_made(house.scratch / f"grown-{size}", size, databases.migrated()) for size in sizes]
        for _ in range(alternations):
            with ExitStack() as stack:
                _compare(runs, [_serve(furnished, environ, stack) for furnished, environ in made], rounds)
    return runs


def _no_runs(sizes: Sequence[int]) -> Runs:
    return {f"{size:,} messages": [] for size in sizes}


def _compare(runs: Runs, grown: Sequence[Grown], rounds: int) -> None:
    for results, result in zip(runs.values(), growth.compare(grown, rounds), strict=True):
        results.append(result)


def _serve_copy(house: House, size: int, stack: ExitStack) -> Grown:
    model, data = house.cache / f"grown-{size}-{schema()}", house.scratch / f"grown-{size}"
    known = model / "furnished.json"
    if not known.exists():
        known.write_text(json.dumps(_made(model / "data", size)[0]._asdict()))
    shutil.copytree(model / "data", data)
    return _serve(Furnished(**json.loads(known.read_text())), furnish.environment_for(data), stack)


def _made(data: Path, size: int, database_url: str = "") -> tuple[Furnished, Mapping[str, str]]:
    """Who may come, and the settings under which the chat is served."""
    click.echo(f"Saying {size:,} messages …", err=True)
    furnished = asyncio.run(furnish.furnish(data, people=2, past=size, database_url=database_url))
    return furnished, furnish.environment_for(data, database_url=database_url)


def _serve(furnished: Furnished, environ: Mapping[str, str], stack: ExitStack) -> Grown:
    running = stack.enter_context(server.chatapp({**os.environ, **environ}))
    return Grown(running, furnished.tokens[0], furnish.EVERYONE)


@contextmanager
def _databases() -> Iterator[Databases]:
    """On the server that ``CHATAPP_TEST_POSTGRES`` names, or on one of our own that waits for the disk."""
    given = os.environ.get("CHATAPP_TEST_POSTGRES")
    own = None if given else PostgresServer("")
    databases = Databases(given or own.url)  # type: ignore[union-attr]
    try:
        yield databases
    finally:
        databases.remove()
        if own:
            own.remove()
