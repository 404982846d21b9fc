"""Rooms, from the command line."""

from __future__ import annotations

import click

from chatapp.cli.process import ONE_PROCESS, offline, person_named
from chatapp.core.models import RoomKind
from chatapp.domain.chat import Chat


@click.group()
def room() -> None:
    """Rooms."""


@room.command("add", epilog=ONE_PROCESS)
@click.argument("slug")
@click.option("--name", default="", help="Name that people see; may change later.  [default: SLUG]")
@click.option("--topic", default="", help="What the room is about.")
@click.option("--closed", is_flag=True, help="Only people who are added see it; its address gets an ending.")
@click.option("--owner", default="", help="Who owns it and is its first member.  [default: the first admin]")
def add_room(slug: str, name: str, topic: str, closed: bool, owner: str) -> None:
    """Make a room; SLUG is its address for ever."""

    async def work(chat: Chat) -> None:
        actor = await person_named(chat, owner)
        kind: RoomKind = "closed" if closed else "open"
        made = await chat.rooms.create(actor, name=name or slug, slug=slug, topic=topic, kind=kind)
        click.echo(f"Added {made.slug}.")

    offline(work)
