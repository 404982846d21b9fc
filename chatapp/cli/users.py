"""Accounts, from the command line."""

from __future__ import annotations

import sys
from typing import Final

import click

from chatapp.cli.process import IN_THE_BROWSER, ONE_PROCESS, offline, person_named
from chatapp.core.models import Person
from chatapp.domain.chat import Chat

BESIDE: Final = f"{ONE_PROCESS} {IN_THE_BROWSER}"


@click.group()
def user() -> None:
    """Accounts."""


@user.command("add", epilog=ONE_PROCESS)
@click.argument("name")
@click.option("--email", required=True, help="Where mail to this person goes; also a login name.")
@click.option("--display-name", default="", help="Name that others see.  [default: NAME]")
@click.option("--admin", is_flag=True, help="May invite people and look after all rooms they are in.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the first line of stdin.")
def add_user(name: str, email: str, display_name: str, admin: bool, password_stdin: bool) -> None:
    """Make an account for NAME, who can log in at once."""
    password = password_from(from_stdin=password_stdin)

    async def work(chat: Chat) -> None:
        person = await chat.accounts.add(
            username=name, email=email, password=password, display_name=display_name, is_admin=admin
        )
        click.echo(f"Added {person.username}.")

    offline(work)


@user.command("list", epilog=ONE_PROCESS)
def list_users() -> None:
    """Print a line per account: username, e-mail, state, display name, separated by tabs."""

    async def work(chat: Chat) -> None:
        for person in await chat.accounts.everyone():
            click.echo("\t".join((person.username, person.email, state(person), person.display_name)))

    offline(work)


@user.command("disable", epilog=BESIDE)
@click.argument("name")
def disable_user(name: str) -> None:
    """Shut NAME out: no login, no session, no token works; what they wrote stays."""
    _set_disabled(name, True)
    click.echo(f"Disabled {name.lower()}.")


@user.command("enable", epilog=BESIDE)
@click.argument("name")
def enable_user(name: str) -> None:
    """Let NAME back in; they log in anew."""
    _set_disabled(name, False)
    click.echo(f"Enabled {name.lower()}.")


@user.command("promote", epilog=BESIDE)
@click.argument("name")
def promote_user(name: str) -> None:
    """Make NAME an administrator."""
    _set_admin(name, True)
    click.echo(f"{name.lower()} is an administrator.")


@user.command("demote", epilog=BESIDE)
@click.argument("name")
def demote_user(name: str) -> None:
    """Let NAME be an administrator no longer; the last one stays."""
    _set_admin(name, False)
    click.echo(f"{name.lower()} is no administrator.")


def _set_admin(name: str, is_admin: bool) -> None:
    async def work(chat: Chat) -> None:
        await chat.accounts.set_admin(await person_named(chat, ""), name.lower(), is_admin)

    offline(work, instead=IN_THE_BROWSER)


def _set_disabled(name: str, is_disabled: bool) -> None:
    async def work(chat: Chat) -> None:
        admin = await person_named(chat, "", but=name.lower())
        await chat.accounts.set_disabled(admin, name.lower(), is_disabled)

    offline(work, instead=IN_THE_BROWSER)


def password_from(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask for the password; use --password-stdin.")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def state(person: Person) -> str:
    if person.is_disabled:
        return "disabled"
    if not person.is_verified:
        return "unverified"
    return "admin" if person.is_admin else "active"
