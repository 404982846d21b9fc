"""The keys of the installation, changed without logging anybody out, given time."""

from __future__ import annotations

from typing import Final

import click

from chatapp.cli.process import FAILED, read_settings
from chatapp.storage import secrets as keys

FORGOTTEN: Final = (
    "This logs out everybody who has not come back since the server was restarted with the new keys (right after "
    '"rotate": everybody), and ends JWTs, open forms and waiting mail made before. Nothing was changed; --yes does it.'
)
RESTART: Final = "A running server reads its keys when it starts: restart it now."


@click.group()
def secrets() -> None:
    """The keys behind cookies, forms and tokens."""


@secrets.command()
def rotate() -> None:
    """Make new keys; the old ones stay valid, so nobody is logged out."""
    kept = keys.rotate(read_settings().data)
    click.echo(f"There are new keys, and {kept.count_of_old} old ones that are still accepted. {RESTART}")


@secrets.command("forget-old")
@click.option("--yes", is_flag=True, help="Do it, whoever is logged out by it.")
def forget_old(yes: bool) -> int:
    """Accept the newest keys only: what was made with older ones is refused from the restart on.

    Wait 30 days after "rotate": until then people are logged out by it.
    """
    folder = read_settings().data
    count = keys.load(folder).count_of_old
    if not count:
        click.echo("There are no old keys.")
        return 0
    if not yes:
        click.echo(FORGOTTEN, err=True)
        return FAILED
    keys.forget_old(folder)
    click.echo(f"Forgot {count} old keys. {RESTART}")
    return 0
