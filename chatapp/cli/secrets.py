"""The keys of the installation, changed without logging anybody out."""

from __future__ import annotations

from typing import Final

import click

from chatapp.cli.process import read_settings
from chatapp.storage import secrets as keys

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
def forget_old() -> None:
    """Accept the newest keys only: what was made with older ones is refused from the restart on."""
    folder = read_settings().data
    count = keys.load(folder).count_of_old
    keys.forget_old(folder)
    click.echo(f"Forgot {count} old keys. {RESTART}")
