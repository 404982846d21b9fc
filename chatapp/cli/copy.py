"""Moving to a PostgreSQL server."""

from __future__ import annotations

import dataclasses
from typing import Final

import click

from chatapp import logs
from chatapp.cli.database import said
from chatapp.cli.process import FAILED, ONE_PROCESS, read_settings, run
from chatapp.core import circumstances
from chatapp.core.circumstances import COMMAND_LINE, Circumstances
from chatapp.core.errors import NotFound
from chatapp.settings import Settings, SettingsError
from chatapp.storage import copying_note
from chatapp.storage.sqlite import locked

NOT_DONE: Final = (
    "So no server starts on the copy. Where the file itself has these faults, --damaged takes it all the same; "
    "to stay with the file: chatapp copy --undo"
)


@click.command(epilog=ONE_PROCESS)
@click.option(
    "--to",
    "url",
    default="",
    help="An empty database, as in postgresql://user:password@host/name. Everybody on this machine can read what a "
    "command was given: keep a password in CHATAPP_DATABASE_URL, or in a file that CHATAPP_DATABASE_URL_FILE names, "
    "which count where this is left out.",
)
@click.option("--damaged", is_flag=True, help="Take it with damaged messages, which are damaged in the copy too.")
@click.option("--undo", is_flag=True, help="Go on with the file instead: give up a copy, or come back from one.")
def copy(url: str, damaged: bool, undo: bool) -> int:
    """Copy the chat from the file in the data folder to an empty database on a PostgreSQL server.

    Interrupted, it goes on where it was when it is given again. At the end the rows of both sides are counted, the
    numbers of every room compared, and the copy is audited; exit code 1 when something is found. From its beginning
    on no server starts on the file, which stays as it was, and none on the copy before its end. Pages and programs
    that were connected go on with the copy as if nothing had been.
    """
    settings = read_settings()
    if not settings.database_path.exists():
        raise NotFound(f"There is no chat in a file in {settings.data}.")
    with locked(settings.data):
        if undo:
            return _undo(settings)
        with circumstances.under(Circumstances(actor=COMMAND_LINE)):
            return run(_copied(settings, _target(settings, url), takes_damaged=damaged))


def _target(settings: Settings, url: str) -> str:
    found = dataclasses.replace(settings, database_url=url or settings.database_url)
    if not found.database_url:
        raise click.UsageError("Say where to: --to postgresql://…, or CHATAPP_DATABASE_URL.")
    problems = [problem.replace("CHATAPP_DATABASE_URL", "--to", bool(url)) for problem in found.problems()]
    if problems:
        raise SettingsError(problems)
    return found.database_url


async def _copied(settings: Settings, url: str, *, takes_damaged: bool) -> int:
    # An extra's library.
    from chatapp.storage.copying import copying

    logs.beside_answers()
    async with copying(settings.database_path, url) as work:
        with click.progressbar(length=work.total, label=f"Copying to {work.note.where}", show_pos=True) as bar:
            bar.update(work.done)
            async for count in work.rows(takes_damaged=takes_damaged):
                bar.update(count)
        click.echo("Comparing the two.")
        outcome = await work.check(url, takes_damaged=takes_damaged)
    for sentence in outcome.differences:
        click.echo(sentence)
    code = said(outcome.report)
    if outcome.is_done:
        click.echo(_what_now(settings, work.note.where, outcome.rows))
        return code
    click.echo(NOT_DONE, err=True)
    return FAILED


def _what_now(settings: Settings, where: str, rows: int) -> str:
    return (
        f"All {rows} rows are in PostgreSQL at {where}, table by table and room by room.\n"
        f"Now set CHATAPP_DATABASE_URL to it and start the chat. Keep CHATAPP_DATA={settings.data}, where secrets.json "
        "is.\nchatapp.db stays there as it was, and no server starts on it; chatapp copy --undo takes that back."
    )


def _undo(settings: Settings) -> int:
    note = copying_note.undo(settings.database_path)
    if note is None:
        raise NotFound(f"The chat in {settings.data} was not copied to anywhere.")
    since = " as it was then; pages and programs load anew" if note.is_whole else ""
    click.echo(f"The file is the chat again{since}. What is in PostgreSQL at {note.where} stays there.")
    return 0
