"""The command line: start the chat, and set it up without a browser."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import sys
from collections.abc import Callable, Coroutine
from typing import Any, Final

import click

from chatapp import __version__, app
from chatapp.core.errors import ChatError, NotFound
from chatapp.core.models import Person, RoomKind
from chatapp.domain.chat import Chat
from chatapp.settings import Settings, SettingsError
from chatapp.storage import migrate as schema
from chatapp.storage.database import AlreadyRunning, locked
from chatapp.storage.secrets import SecretsError

FAILED: Final = 1
INTERRUPTED: Final = 130
ONE_PROCESS: Final = "Needs the data folder for itself: stop the server first."


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, "-V", "--version", prog_name="chatapp", message="%(prog)s %(version)s")
def cli() -> None:
    """Team chat in one process.

    Settings come from the environment; "chatapp settings" lists them. Exit codes: 0 done, 1 failed,
    2 wrong usage, 130 interrupted.
    """
    # Whatever is written, the database above all, is its owner's alone.
    os.umask(0o077)


@cli.command()
def serve() -> None:
    """Start the chat and keep it running until Ctrl+C or SIGTERM."""
    _run(app.serve(_settings()))


@cli.group()
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
    password = _password(from_stdin=password_stdin)

    async def work(chat: Chat) -> None:
        person = await chat.accounts.add(
            username=name, email=email, password=password, display_name=display_name, is_admin=admin
        )
        click.echo(f"Added {person.username}.")

    _offline(work)


@user.command("list", epilog=ONE_PROCESS)
def list_users() -> None:
    """Print a line per account: username, e-mail, state, display name, separated by tabs."""

    async def work(chat: Chat) -> None:
        for person in await chat.accounts.everyone():
            click.echo("\t".join((person.username, person.email, _state(person), person.display_name)))

    _offline(work)


@user.command("disable", epilog=ONE_PROCESS)
@click.argument("name")
def disable_user(name: str) -> None:
    """Shut NAME out: no login, no session, no token works; what they wrote stays."""
    _set_disabled(name, True)
    click.echo(f"Disabled {name.lower()}.")


@user.command("enable", epilog=ONE_PROCESS)
@click.argument("name")
def enable_user(name: str) -> None:
    """Let NAME back in; they log in anew."""
    _set_disabled(name, False)
    click.echo(f"Enabled {name.lower()}.")


def _set_disabled(name: str, is_disabled: bool) -> None:
    async def work(chat: Chat) -> None:
        await chat.accounts.set_disabled(await _person(chat, ""), name.lower(), is_disabled)

    _offline(work)


@cli.group()
def room() -> None:
    """Rooms."""


@room.command("add", epilog=ONE_PROCESS)
@click.argument("slug")
@click.option("--name", default="", help="Name that people see; may change later.  [default: SLUG]")
@click.option("--topic", default="", help="What the room is about.")
@click.option("--closed", is_flag=True, help="Only people who are added see it.")
@click.option("--owner", default="", help="Who owns it and is its first member.  [default: the first admin]")
def add_room(slug: str, name: str, topic: str, closed: bool, owner: str) -> None:
    """Make a room; SLUG is its address for ever."""

    async def work(chat: Chat) -> None:
        actor = await _person(chat, owner)
        kind: RoomKind = "closed" if closed else "open"
        made = await chat.rooms.create(actor, name=name or slug, slug=slug, topic=topic, kind=kind)
        click.echo(f"Added {made.slug}.")

    _offline(work)


@cli.group()
def token() -> None:
    """Credentials for scripts."""


@token.command("create", epilog=ONE_PROCESS)
@click.argument("username")
@click.option("--name", default="command line", show_default=True, help="What the token is for, shown in its list.")
@click.option("--days", type=click.IntRange(min=1), default=None, help="Days until it ends.  [default: never]")
def create_token(username: str, name: str, days: int | None) -> None:
    """Print a new personal token of USERNAME, and nothing else."""

    async def work(chat: Chat) -> None:
        _, secret = await chat.sign_in.create_token(await _person(chat, username), name, days)
        click.echo(secret)

    _offline(work)


@cli.group()
def invite() -> None:
    """Links with which people register."""


@invite.command("create", epilog=ONE_PROCESS)
@click.option("--days", type=click.IntRange(min=1), default=7, show_default=True, help="Days until it ends.")
@click.option("--uses", type=click.IntRange(min=1), default=25, show_default=True, help="How many may use it.")
def create_invite(days: int, uses: int) -> None:
    """Print a new invite link."""

    async def work(chat: Chat) -> None:
        _, secret = await chat.invites.create(await _person(chat, ""), days=days, uses=uses)
        click.echo(f"{_address(chat.settings)}/join/{secret}")

    _offline(work)


@cli.command(epilog=ONE_PROCESS)
def migrate() -> None:
    """Bring the database to this version's schema, after a copy; "serve" does so by itself."""
    settings = _settings()
    settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
    with locked(settings.data):
        applied = schema.upgrade(settings.database_path)
    click.echo(f"Applied {', '.join(applied)}." if applied else "Nothing to apply.")


@cli.command()
def settings() -> None:
    """Print every setting: name, value, default and help; secrets as stars."""
    for name, value, default, help_text in _settings().table():
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
    except (ChatError, SettingsError, AlreadyRunning, SecretsError, schema.TooNew, OSError) as error:
        click.echo(_sentence(error), err=True)
        return FAILED


def _sentence(error: Exception) -> str:
    if isinstance(error, ChatError) and error.errors:
        return "\n".join(f"{wrong.field}: {wrong.detail}" for wrong in error.errors)
    if isinstance(error, OSError) and error.filename:
        return f"{error.filename}: {error.strerror}."
    return str(error)


def _settings() -> Settings:
    return Settings.from_env(os.environ)


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end, on uvloop where it is installed."""
    factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    if importlib.util.find_spec("uvloop"):
        factory = importlib.import_module("uvloop").new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(work)


def _offline(work: Callable[[Chat], Coroutine[Any, Any, None]]) -> None:
    """Do something to the chat while no server runs on it."""

    async def opened(settings: Settings) -> None:
        async with app.offline(settings) as chat:
            await work(chat)

    _run(opened(_settings()))


def _password(*, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("There is no terminal to ask for the password; use --password-stdin.")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


async def _person(chat: Chat, username: str) -> Person:
    """The named account, or the first admin when no name is given."""
    everyone = await chat.accounts.everyone()
    if username:
        found = [person for person in everyone if person.username == username.lower()]
        missing = f"There is no account {username}."
    else:
        found = [person for person in everyone if person.is_admin and not person.is_disabled]
        missing = "There is no admin yet; add one with: chatapp user add NAME --email E --admin"
    if not found:
        raise NotFound(missing)
    return found[0]


def _state(person: Person) -> str:
    if person.is_disabled:
        return "disabled"
    if not person.is_verified:
        return "unverified"
    return "admin" if person.is_admin else "active"


def _address(settings: Settings) -> str:
    return settings.base_url or f"http://{settings.host}:{settings.port}"


if __name__ == "__main__":
    main()
