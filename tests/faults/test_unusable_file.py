"""A database that cannot be used is refused with a sentence; one that goes bad while it is used costs no data."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from chatapp.core.models import message_id
from tests.support.command import Chatapp, Here
from tests.support.engine import behind_its_back
from tests.support.server import Server, serving

pytestmark = pytest.mark.file_only("a file that cannot be used")
SECONDS: Final = 5.0
# Root has power over files that forbid it; the tests may run as root.
WITHOUT_POWER: Final = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if os.geteuid() == 0 else ()
WRONG: Final[dict[str, tuple[Callable[[Path], object], str]]] = {
    "no database": (lambda file: file.write_bytes(b"This is no database. " * 500), "file is not a database"),
    "cut to a page": (lambda file: os.truncate(file, 4096), "is damaged"),
    "cut in the middle": (lambda file: os.truncate(file, file.stat().st_size // 2 + 100), "is damaged"),
    "cut to less than its head": (lambda file: os.truncate(file, 50), "is damaged"),
    "emptied": (lambda file: os.truncate(file, 0), "is empty"),
    "a page of zeros": (lambda file: zero(file, 2), "is damaged"),
    "gone": (lambda file: file.unlink(), "is gone"),
    "a folder": (lambda file: become_a_folder(file), "is a folder"),
    "from a later version": (lambda file: later(file), "Use a newer chatapp"),
}


def zero(file: Path, page: int) -> None:
    with file.open("r+b") as opened:
        opened.seek(page * 4096)
        opened.write(b"\0" * 4096)


def become_a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def later(file: Path) -> None:
    with behind_its_back(file) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def contents(data: Path) -> dict[str, bytes]:
    """Every file but the lock, and what SQLite makes for itself to be able to read."""
    ignored = {"chatapp.lock", "chatapp.db-shm", "chatapp.db-wal"}
    return {path.name: path.read_bytes() for path in data.iterdir() if path.is_file() and path.name not in ignored}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A data folder with an account and a mark, and a token of the account."""
    chatapp = Here(tmp_path_factory.mktemp("made") / "data")
    added = chatapp("user", "add", "ada", "--email", "ada@example.org", "--password-stdin", stdin="correct horse")
    assert added.code == 0, added.err
    return chatapp.data, chatapp("token", "create", "ada").out.strip()


@pytest.fixture
def data(tmp_path: Path, made: tuple[Path, str]) -> Path:
    return Path(shutil.copytree(made[0], tmp_path / "data"))


@pytest.fixture
def token(made: tuple[Path, str]) -> str:
    return made[1]


@pytest.fixture
def chatapp(data: Path) -> Chatapp:
    return Here(data)


@pytest.mark.parametrize(("spoil", "words"), WRONG.values(), ids=WRONG.keys())
def test_a_start_on_an_unusable_file_is_a_sentence_and_changes_nothing(
    chatapp: Chatapp, spoil: Callable[[Path], object], words: str
) -> None:
    spoil(chatapp.data / "chatapp.db")
    before = contents(chatapp.data)
    result = chatapp("serve")
    assert (result.code, result.out) == (1, "")
    assert words in result.err
    assert "Traceback" not in result.err
    assert len([line for line in result.err.splitlines() if "settings.warning" not in line]) == 1
    assert contents(chatapp.data) == before


@pytest.mark.parametrize(("name", "mode"), [("chatapp.db", 0o400), ("chatapp.db", 0o000), (".", 0o500)])
def test_a_start_without_the_right_to_write_is_a_sentence(chatapp: Chatapp, name: str, mode: int) -> None:
    before = contents(chatapp.data)
    (chatapp.data / name).chmod(mode)
    result = Chatapp(chatapp.data, prefix=WITHOUT_POWER)("serve")
    (chatapp.data / name).chmod(0o700)
    assert (result.code, result.out) == (1, "")
    assert "cannot be written to. Make it writable" in result.err
    assert "Traceback" not in result.err
    assert contents(chatapp.data) == before


def test_a_data_folder_that_is_open_to_others_is_named_at_the_start(chatapp: Chatapp) -> None:
    os.truncate(chatapp.data / "chatapp.db", 0)
    for mode, is_named in ((0o750, True), (0o700, False)):
        chatapp.data.chmod(mode)
        assert (f"Run: chmod 700 {chatapp.data}" in chatapp("serve").err) is is_named


def test_a_file_where_the_data_folder_should_be_is_a_sentence_with_a_way_out(data: Path) -> None:
    result = Here(data / "chatapp.db")("serve")
    assert (result.code, result.err.count("A folder is wanted there")) == (1, 1)


def test_a_process_that_is_refused_ends_in_time(chatapp: Chatapp) -> None:
    os.truncate(chatapp.data / "chatapp.db", 9000)
    began = time.monotonic()
    result = Chatapp(chatapp.data)("serve")
    assert result.code == 1
    # 5 s are promised; the start of Python is slow where others work as well.
    assert time.monotonic() - began < SECONDS * 6


async def status(server: Server, path: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(server.url + path) as answer:
        return answer.status


class Script:
    """A person with a token, over REST."""

    def __init__(self, server: Server, token: str) -> None:
        self._url = f"{server.url}/api/v1/rooms/general/messages"
        self._headers = {"Authorization": f"Bearer {token}"}

    async def says(self, content: str) -> tuple[int, Any]:
        return await self._call("POST", json={"content": content})

    async def reads(self, query: str = "") -> tuple[int, Any]:
        return await self._call("GET", query)

    async def _call(self, method: str, query: str = "", **more: Any) -> tuple[int, Any]:
        async with (
            aiohttp.ClientSession(headers=self._headers) as session,
            session.request(method, self._url + query, **more) as answer,
        ):
            return answer.status, await answer.json()


@contextmanager
def moved_away(path: Path) -> Iterator[None]:
    aside = path.with_name("aside.db")
    path.rename(aside)
    yield
    aside.rename(path)


@pytest.mark.parametrize("replacement", [None, b"", b"another file"], ids=["gone", "emptied anew", "replaced"])
async def test_a_file_that_vanishes_takes_no_posts_and_comes_back(
    data: Path, token: str, replacement: bytes | None
) -> None:
    async with serving(data) as server:
        script, database = Script(server, token), data / "chatapp.db"
        assert (await script.says("before"))[0] == 201
        with moved_away(database):
            if replacement is not None:
                database.write_bytes(replacement)
            refused, said = await script.says("into nowhere")
            assert (refused, said["code"]) == (503, "unavailable")
            assert "gone or was replaced" in said["detail"]
            assert said["retry_after"] == 1
            assert [await status(server, path) for path in ("/healthz", "/readyz")] == [200, 503]
            assert replacement is None or database.read_bytes() == replacement
        assert (await script.says("after"))[0] == 201
        assert [await status(server, path) for path in ("/healthz", "/readyz")] == [200, 200]
        _, page = await script.reads()
        assert [message["content"] for message in page["messages"]] == ["before", "after"]
    log = "\n".join(server.output)
    assert ("database.gone" in log, "database.back" in log, "Traceback" in log) == (True, True, False)


async def test_a_log_that_vanishes_takes_no_answered_message_with_it(data: Path, token: str) -> None:
    async with serving(data) as server:
        script = Script(server, token)
        assert (await script.says("before"))[0] == 201
        data.joinpath("chatapp.db-wal").unlink()
        assert (await script.says("after"))[0] == 201
        assert await status(server, "/readyz") == 200
        await server.kill()
        await server.start()
        _, page = await script.reads()
    assert [message["content"] for message in page["messages"]] == ["before", "after"]
    log = "\n".join(server.output)
    assert ["database.gone" in log, "database.back" in log, "epoch.new" in log] == [True, True, False]


async def test_a_malformed_page_met_while_running_is_a_refusal_in_words(data: Path, token: str) -> None:
    fill(data / "chatapp.db", 2000)
    async with serving(data) as server:
        script, database = Script(server, token), data / "chatapp.db"
        spoiled = spoil_a_page_of_messages(database)
        before = database.read_bytes()
        refused, said = await script.reads("?before=1000&limit=100")
        assert (refused, said["code"]) == (503, "unavailable")
        assert [await status(server, path) for path in ("/healthz", "/readyz")] == [200, 503]
        assert (await script.reads("?limit=10"))[0] == 200
        assert database.read_bytes() == before
    assert database.read_bytes()[spoiled * 4096 : (spoiled + 1) * 4096] == b"\xff" * 4096
    assert "stored" not in said["detail"]
    assert said["retry_after"] == 1
    log = "\n".join(server.output)
    assert ("database.damaged" in log, "Traceback" in log) == (True, False)


def fill(database: Path, count: int) -> None:
    """That many messages in general, as a writer without checksums would leave them."""
    rows = [(message_id(1, n), n, n, f"Number {n} " + "x" * 500) for n in range(1, count + 1)]
    with behind_its_back(database) as connection:
        connection.executemany(
            'INSERT INTO messages (id, room_id, "index", version, author_id, content, created_at)'
            " VALUES (?, 1, ?, ?, 1, ?, 0)",
            rows,
        )
        connection.execute("UPDATE rooms SET last_index = ?, last_version = ? WHERE id = 1", (count, count))


def spoil_a_page_of_messages(database: Path) -> int:
    """Fill the page that holds message 950 with what is no page; its number, from 0."""
    page = database.read_bytes().index(b"Number 950 ") // 4096
    with database.open("r+b") as file:
        file.seek(page * 4096)
        file.write(b"\xff" * 4096)
    return page


async def test_a_refused_write_turns_readiness_red_until_one_is_taken(data: Path, token: str) -> None:
    async with serving(data) as server:
        script = Script(server, token)
        other = sqlite3.connect(data / "chatapp.db", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        assert (await script.says("no"))[0] == 503
        assert [await status(server, path) for path in ("/healthz", "/readyz")] == [200, 503]
        assert (await script.reads())[0] == 200
        other.execute("ROLLBACK")
        other.close()
        assert [await status(server, path) for path in ("/healthz", "/readyz")] == [200, 200]
        assert (await script.says("yes"))[0] == 201
