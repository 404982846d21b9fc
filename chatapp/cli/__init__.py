"""The command line: start the chat, and set it up without a browser."""

from __future__ import annotations

import errno
import os
import sys
from typing import Final

import click

from chatapp import __version__, serving
from chatapp.bench.errors import Refused, Unable
from chatapp.cli import audit_log, bench, copy, database, invites, rooms, secrets, tokens, users, workers
from chatapp.cli.process import FAILED, ONE_PROCESS, read_settings, run
from chatapp.core.errors import ChatError
from chatapp.settings import SettingsError
from chatapp.storage import opening, usable
from chatapp.storage.backup import BackupError
from chatapp.storage.blobs import make_folder
from chatapp.storage.copying_source import NotCopied
from chatapp.storage.migrate import TooNew
from chatapp.storage.secrets import SecretsError
from chatapp.storage.sqlite import AlreadyRunning

INTERRUPTED: Final = 130
# What the operator may do about it.
ADVICE: Final = {
    errno.ENOSPC: "Make room on that disk, then try again.",
    errno.EROFS: "Make that disk writable, or name a folder on another one.",
    errno.EACCES: "Let this user read and write there, or name another folder.",
    errno.EEXIST: "A folder is wanted there: name another one, or move the file away.",
    errno.ENOTDIR: "A folder is wanted there: name another one, or move the file away.",
}
WORKERS: Final = "Processes that share the port; more than one needs CHATAPP_DATABASE_URL."
ONE_WORKER: Final = (
    "SQLite's file belongs to one process. For several workers put the chat on PostgreSQL: CHATAPP_DATABASE_URL."
)
REFUSALS: Final = (
    *(AlreadyRunning, BackupError, ChatError, OSError, SecretsError, SettingsError),
    *(NotCopied, Refused, TooNew, Unable, serving.TakenOver, serving.Unfit, usable.Unusable),
)


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="chatapp", message="%(prog)s %(version)s")
def cli() -> None:
    """Team chat in one process.

    Settings come from the environment; "chatapp settings" lists them. Exit codes: 0 done, 1 failed,
    2 wrong usage, 130 interrupted.
    """
    # Whatever is written, the database above all, is its owner's alone.
    os.umask(0o077)


cli.add_command(users.user)
cli.add_command(rooms.room)
cli.add_command(tokens.token)
cli.add_command(invites.invite)
cli.add_command(database.audit)
cli.add_command(secrets.secrets)
cli.add_command(audit_log.audit_log)
cli.add_command(database.backup)
cli.add_command(database.restore)
cli.add_command(bench.bench)
cli.add_command(copy.copy)


@cli.command()
@click.option("--workers", "count", type=click.IntRange(min=1), default=1, show_default=True, help=WORKERS)
@click.option("--under", type=int, hidden=True)
def serve(count: int, under: int | None) -> int:
    """Start the chat and keep it running until Ctrl+C or SIGTERM."""
    found = read_settings()
    if under is not None:
        run(workers.work(found, under))
    elif count == 1:
        run(serving.serve(found))
    elif not found.database_url:
        raise click.UsageError(ONE_WORKER)
    else:
        return run(workers.supervise(found, count))
    return 0


@cli.command(epilog=ONE_PROCESS)
def migrate() -> None:
    """Bring the database to this version's schema, after a copy; "serve" does so by itself."""
    settings = read_settings()
    make_folder(settings.data, 0o700)
    with opening.held(settings):
        applied = opening.prepare(settings)
    click.echo(f"Applied {', '.join(applied)}." if applied else "Nothing to apply.")


@cli.command()
def settings() -> None:
    """Print every setting: name, value, default and help; secrets as stars."""
    for name, value, default, help_text in read_settings().table():
        click.echo(f"{name}={value}\n    {help_text}  [default: {default}]")


@cli.command()
def version() -> None:
    """Print the version."""
    click.echo(f"chatapp {__version__}")


def main() -> None:
    """Run the command line; every failure is a sentence on stderr and an exit code."""
    sys.exit(_exit_code())


def _exit_code() -> int:
    try:
        return int(cli.main(prog_name="chatapp", standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return INTERRUPTED
    except REFUSALS as error:
        click.echo(_sentence(error), err=True)
        return FAILED


def _sentence(error: Exception) -> str:
    if isinstance(error, ChatError) and error.errors:
        return "\n".join(f"{wrong.field}: {wrong.detail}" for wrong in error.errors)
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror}. {ADVICE.get(error.errno or 0, '')}".rstrip()
    return str(error)
