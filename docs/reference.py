"""Writes the pages that come from the code: settings, command line, routes (``make docs``)."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import click

from chatapp.app import create_app
from chatapp.cli import cli
from chatapp.settings import Settings

FOLDER: Final = Path(__file__).parent
WIDTH: Final = 90

SETTINGS_HEAD: Final = """\
# Settings

Everything an operator can set, by environment variable. `chatapp settings` prints the same list with the values in
force; a name that begins with `CHATAPP_` and is not in it stops the start, so that a typing error is not a surprise
in a month. A switch takes `on` or `off`. A setting marked *secret* can also be read from a file: set its name with
`_FILE` behind it to a path.

`make docs` writes this page from `chatapp/settings.py`.

| name | default | what it does |
| --- | --- | --- |
"""

CLI_HEAD: Final = """\
# The command line

In a checkout `chatapp` is `.venv/bin/chatapp`. `make docs` writes this page from `chatapp/cli/`.

- Answers go to stdout, complaints to stderr. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
- Nothing asks a question unless there is a terminal.
- One process owns the database. While a server runs, the commands that open the database refuse with a sentence;
  stop it first, or use the pages and the API. `audit`, `audit-log` and `backup` only read: they work beside a server.

A server without a browser:

```sh
export CHATAPP_DATA=/srv/chat
chatapp user add ada --email ada@example.org --admin --password-stdin < password.txt
chatapp room add ops --name Operations
chatapp token create ada --days 90 > ada.token
chatapp serve
```
"""

ROUTES_HEAD: Final = """\
# Routes

Every address the server answers, and the function in `chatapp/` that does. What the ones under `/api/v1` and the
sockets take and give is in [protocol.md](protocol.md). `make docs` writes this page.

| method | path | function |
| --- | --- | --- |
"""


def settings_page() -> str:
    """docs/settings.md as it should be."""
    return SETTINGS_HEAD + "".join(_setting_rows())


def _setting_rows() -> Iterator[str]:
    for (name, _, default, help_text), spec in zip(Settings().table(), dataclasses.fields(Settings), strict=True):
        mark = " *Secret.*" if spec.metadata["secret"] else ""
        yield f"| `{name}` | {f'`{default}`' if default else 'empty'} | {help_text}{mark} |\n"


def cli_page() -> str:
    """docs/cli.md as it should be."""
    return CLI_HEAD + "".join(_sections())


def _sections() -> Iterator[str]:
    for found, place in _commands(cli, _top()):
        place.terminal_width = WIDTH
        yield f"\n## {place.command_path}\n\n```\n{found.get_help(place)}\n```\n"


def _commands(command: click.Command, context: click.Context) -> Iterator[tuple[click.Command, click.Context]]:
    yield command, context
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.commands[name]
            yield from _commands(child, click.Context(child, info_name=name, parent=context))


def _top() -> click.Context:
    return click.Context(cli, info_name="chatapp", **cli.context_settings)


def command_paths() -> set[str]:
    """Every command as it is typed: ``chatapp user add``."""
    return {place.command_path for _, place in _commands(cli, _top())}


def routes_page() -> str:
    """docs/routes.md as it should be."""
    return ROUTES_HEAD + "".join(f"| {method} | `{path}` | `{name}` |\n" for method, path, name in routes())


def routes() -> list[tuple[str, str, str]]:
    """(method, path, function) of everything the application answers."""
    with tempfile.TemporaryDirectory() as folder:
        router = create_app(Settings(data=Path(folder))).router
    return [
        (route.method, route.resource.canonical, _function(route.handler))
        for route in router.routes()
        if route.method != "HEAD" and route.resource is not None
    ]


def _function(handler: object) -> str:
    module, name = getattr(handler, "__module__", ""), getattr(handler, "__name__", "")
    return f"{module.removeprefix('chatapp.')}.{name}"


PAGES: Final[dict[str, Callable[[], str]]] = {
    "settings.md": settings_page,
    "cli.md": cli_page,
    "routes.md": routes_page,
}


def main() -> None:
    """Rewrite the pages in place."""
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page())


if __name__ == "__main__":
    main()
