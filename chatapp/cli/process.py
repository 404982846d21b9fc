"""How a command runs: the settings, the event loop, the chat opened for it."""

from __future__ import annotations

import asyncio
import importlib.util
import os
from collections.abc import Callable, Coroutine
from typing import Any, Final, TypeVar

from chatapp import app, logs
from chatapp.cli.turns import ShortTurns
from chatapp.core import circumstances
from chatapp.core.circumstances import COMMAND_LINE, Circumstances
from chatapp.core.errors import NotFound
from chatapp.core.models import Person
from chatapp.domain.chat import Chat
from chatapp.settings import Settings
from chatapp.storage.sqlite import AlreadyRunning

T = TypeVar("T")
FAILED: Final = 1
ONE_PROCESS: Final = "Needs the data folder for itself: stop the server first."
IN_THE_BROWSER: Final = (
    "While it runs, an administrator does this in the browser: Administration, Users (/admin/users)."
)


def read_settings() -> Settings:
    return Settings.from_env(os.environ)


def loop() -> asyncio.AbstractEventLoop:
    """Python's own."""
    return asyncio.SelectorEventLoop(ShortTurns())


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end, on uvloop where it is installed."""
    factory: Callable[[], asyncio.AbstractEventLoop] = loop
    if importlib.util.find_spec("uvloop"):
        factory = importlib.import_module("uvloop").new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)


def offline(work: Callable[[Chat], Coroutine[Any, Any, None]], *, instead: str = "") -> None:
    """Do something to the chat while no server runs on it; ``instead`` says how to while one does."""

    logs.beside_answers()

    async def opened(settings: Settings) -> None:
        with circumstances.under(Circumstances(actor=COMMAND_LINE)):
            async with app.offline(settings) as chat:
                await work(chat)

    try:
        run(opened(read_settings()))
    except AlreadyRunning as error:
        raise AlreadyRunning(f"{error} {instead}".strip()) from None


async def person_named(chat: Chat, username: str, *, but: str = "") -> Person:
    """The named account; when no name is given, the first admin, another than ``but`` if there is one."""
    everyone = await chat.accounts.everyone()
    if username:
        found = [person for person in everyone if person.username == username.lower()]
        missing = f"There is no account {username}."
    else:
        admins = [person for person in everyone if person.is_admin and not person.is_disabled]
        found = sorted(admins, key=lambda person: person.username == but)
        missing = "There is no admin yet; add one with: chatapp user add NAME --email E --admin"
    if not found:
        raise NotFound(missing)
    return found[0]
