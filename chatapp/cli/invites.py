"""Invite links, from the command line."""

from __future__ import annotations

import click

from chatapp.cli.process import ONE_PROCESS, offline, person_named
from chatapp.domain.chat import Chat
from chatapp.settings import Settings


@click.group()
def invite() -> None:
    """Links with which people register."""


@invite.command("create", epilog=ONE_PROCESS)
@click.option("--days", type=click.IntRange(min=1), default=7, show_default=True, help="Days until it ends.")
@click.option("--uses", type=click.IntRange(min=1), default=25, show_default=True, help="How many may use it.")
def create_invite(days: int, uses: int) -> None:
    """Print a new invite link."""

    async def work(chat: Chat) -> None:
        _, secret = await chat.invites.create(await person_named(chat, ""), days=days, uses=uses)
        click.echo(f"{_address(chat.settings)}/join/{secret}")

    offline(work)


def _address(settings: Settings) -> str:
    return settings.base_url or f"http://{settings.host}:{settings.port}"
