"""Credentials for scripts, from the command line."""

from __future__ import annotations

import click

from chatapp.cli.process import ONE_PROCESS, offline, person_named
from chatapp.domain.chat import Chat


@click.group()
def token() -> None:
    """Credentials for scripts."""


@token.command("create", epilog=ONE_PROCESS)
@click.argument("username")
@click.option("--name", default="command line", show_default=True, help="What the token is for, shown in its list.")
@click.option("--days", type=click.IntRange(min=1), default=None, help="Days until it ends.  [default: never]")
def create_token(username: str, name: str, days: int | None) -> None:
    """Print a new personal token of USERNAME, and nothing else."""

    async def work(chat: Chat) -> None:
        _, secret = await chat.sign_in.create_token(await person_named(chat, username), name, days)
        click.echo(secret)

    offline(work)
