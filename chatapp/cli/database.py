"""Looking after the database file."""

from __future__ import annotations

import shlex
import sqlite3
from pathlib import Path
from typing import Final

import click
import msgspec

from chatapp.cli.process import FAILED, ONE_PROCESS, read_settings
from chatapp.core import circumstances
from chatapp.core.audit_log import Action, draft
from chatapp.core.circumstances import COMMAND_LINE, Circumstances
from chatapp.core.clock import system_clock
from chatapp.settings import Settings
from chatapp.storage import audit_log, integrity, migrate, opening
from chatapp.storage import backup as backups
from chatapp.storage.blobs import make_folder
from chatapp.storage.findings import Report
from chatapp.storage.sqlite import locked

AS_IT_WAS: Final = (
    "Accounts, sessions, tokens and rooms' members are those of the backup: who was shut out or removed since is in "
    "again. What was done since:"
)


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object, with the holes counted, instead of sentences."
)
def audit(path: Path | None, as_json: bool) -> int:
    """Check a database and print what is wrong with it; exit code 1 when something is.

    It is the one of the settings unless PATH is given: a folder with a database file in it, as a backup is, or such a
    file. Looked at are the file's structure, tables, indexes, triggers and views that are missing, changed or not
    chatapp's, holes and doubles in the rooms' logs, the checksum of every message, rows that belong to nothing, the
    counters against the rows, and the content of every file against its digest. Nothing is changed, and a server may
    run meanwhile.
    """
    if path is None:
        report = opening.audit(read_settings())
    else:
        report = integrity.audit(path / backups.DATABASE if path.is_dir() else path)
    if as_json:
        click.echo(msgspec.json.encode(report).decode())
        return 0 if report.is_sound else FAILED
    return said(report)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
def backup(folder: Path) -> int:
    """Copy the database, the files and the secrets into the new folder FOLDER, and audit the copy.

    A server may run meanwhile: the copy is the chat as it is at one moment. Exit code 1 when the copy was made and
    the audit found something in it.
    """
    settings = read_settings()
    _refuse_server(
        settings, "Copy it with pg_dump, then the folder files and the file secrets.json of the data folder."
    )
    report = backups.make(settings.data, folder)
    click.echo(f"The backup is in {folder}.")
    # A log of a newer version is not for this one to write.
    if migrate.is_known(report.revision):
        _note(settings, "database.backed_up", folder.name)
    return said(report)


@click.command(epilog=ONE_PROCESS)
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--damaged", is_flag=True, help="Take it even when its audit finds something.")
def restore(folder: Path, damaged: bool) -> int:
    """Put the backup in FOLDER in the place of the database, the files and the secrets.

    The backup is audited first. What was there before is kept, in a folder of its own beside it. Pages and programs
    that are still open learn that the messages they have are of another history, and load anew.
    """
    settings = read_settings()
    _refuse_server(settings, "Put its copy back with pg_restore, and files and secrets.json into the data folder.")
    make_folder(settings.data, 0o700)
    with locked(settings.data):
        report = backups.check(folder)
        if not report.is_sound and not damaged:
            click.echo("The backup has faults, so nothing was changed; --damaged takes it all the same.", err=True)
            return said(report)
        aside = backups.restore(settings.data, folder)
    click.echo(f"Restored. What was there before is in {aside}.")
    if (aside / backups.DATABASE).exists():
        click.echo(f"{AS_IT_WAS} CHATAPP_DATA={shlex.quote(str(aside))} chatapp audit-log")
    return said(report)


def _refuse_server(settings: Settings, instead: str) -> None:
    if settings.database_url:
        raise backups.BackupError(f"The database is on a PostgreSQL server. {instead}")


def _note(settings: Settings, action: Action, target: str) -> None:
    """In the audit log, if that can be written: what was done is done."""
    with circumstances.under(Circumstances(actor=COMMAND_LINE)):
        new = draft(system_clock(), None, action, target)
    try:
        audit_log.note_beside(settings.database_path, new)
    except sqlite3.Error as error:
        click.echo(f"The audit log could not take note of it: {error}.", err=True)


def said(report: Report) -> int:
    """Print what was found; the exit code."""
    for finding in report.findings:
        click.echo(finding.sentence)
    if report.count > len(report.findings):
        click.echo(f"And {report.count - len(report.findings)} more.")
    click.echo(report.summary())
    return 0 if report.is_sound else FAILED
