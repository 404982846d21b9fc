"""A real application on a real database for every test; only the clock can be set."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from chatapp.app import create_app
from chatapp.domain.chat import Chat
from chatapp.keys import CHAT
from chatapp.settings import Settings
from chatapp.storage import migrate
from tests.support.cast import Actor, Given, cast
from tests.support.engine import ON_POSTGRES, FileOnly, settings_on
from tests.support.leaks import WATCH
from tests.support.needs import NOT_TRIED
from tests.support.postgres import databases
from tests.support.statements import share
from tests.support.steady import SteadyLoop
from tests.support.time import SettableClock


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(WATCH)
    config.pluginmanager.register(FileOnly())
    config.pluginmanager.register(NOT_TRIED)
    share()
    _hear_signals()
    # Hundreds of servers start: compiling our own modules would be a quarter of each start.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)


def _hear_signals() -> None:
    """As in a terminal: what a run in the background ignores (``nohup``), the servers it starts would ignore."""
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], SteadyLoop]]:
    return {"steady": SteadyLoop}


def pytest_collection_finish() -> None:
    # The tests themselves stay to the end: what is left of one is not sought among all the others.
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database file, made once and copied for every test."""
    path = tmp_path_factory.mktemp("migrated") / "chatapp.db"
    migrate.upgrade(path)
    return path


@pytest.fixture
def settings(tmp_path: Path, migrated: Path) -> Settings:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    # What outlasts a power cut is tried in tests/faults: here nobody waits for the disk.
    return settings_on(data, migrated, durability="normal")


@pytest.fixture(autouse=ON_POSTGRES)
def _databases_are_used_again(request: pytest.FixtureRequest) -> Iterator[None]:
    """Those of the test's own folder, at its end."""
    folder = request.getfixturevalue("tmp_path") if "tmp_path" in request.fixturenames else None
    yield
    if folder is not None:
        databases().free(folder)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
def app(settings: Settings, clock: SettableClock) -> web.Application:
    return create_app(settings, clock=clock)


@pytest.fixture
async def client(app: web.Application, aiohttp_client: Callable[..., Any]) -> TestClient[web.Request, web.Application]:
    return await aiohttp_client(TestServer(app))  # type: ignore[no-any-return]


@pytest.fixture
def chat(client: TestClient[web.Request, web.Application], app: web.Application) -> Chat:
    return app[CHAT]


@pytest.fixture
async def given(chat: Chat, client: TestClient[web.Request, web.Application]) -> AsyncIterator[Given]:
    async with cast(chat, client) as people:
        yield people


@pytest.fixture
async def ada(given: Given) -> Actor:
    return await given.person("ada", is_admin=True, display_name="Ada Okafor")


@pytest.fixture
async def grace(given: Given) -> Actor:
    return await given.person("grace", display_name="Grace Lin")


@pytest.fixture
def unlimited(settings: Settings) -> Settings:
    """For an ``app`` of one's own, without rate and connection limits."""
    return replace(settings, limits=False)
