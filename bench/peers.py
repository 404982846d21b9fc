"""The chats that are compared: how each is started, and what it speaks."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys
import venv
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from chatapp.bench import server
from chatapp.bench.dialects import Chatapp, Dialect, Plain, SocketIO
from chatapp.bench.server import Server
from chatapp.cli import furnish
from chatapp.cli.furnish import Furnished

SOURCES: Final = Path(__file__).parent / "peers"
PAST: Final = 50
SCHEMA: Final = """
PRAGMA journal_mode = WAL;
CREATE TABLE people (token TEXT PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY, room TEXT NOT NULL, author TEXT NOT NULL, content TEXT NOT NULL, at INTEGER NOT NULL
);
CREATE INDEX by_room ON messages (room, id);
"""

Fsync = Literal["full", "normal"]


@dataclass(frozen=True)
class Peer:
    """A chat to be measured. ``fsync`` "full" waits for the disk before it answers, "normal" does not."""

    name: str
    script: str = ""
    dialect: Dialect = Plain()  # noqa: RUF009 - it has no state
    fsync: Fsync = "full"

    @property
    def label(self) -> str:
        return self.name if self.fsync == "full" else f"{self.name}, no fsync"

    @property
    def is_ours(self) -> bool:
        return not self.script


CHATAPP: Final = Peer("chatapp", dialect=Chatapp())
PEERS: Final = (
    Peer("FastAPI + uvicorn", "fastapi/server.py"),
    Peer("aiohttp", "aiohttp/server.py"),
    Peer("websockets", "websockets/server.py"),
    Peer("python-socketio", "python-socketio/server.py", SocketIO()),
    Peer("Node ws", "ws/server.mjs"),
    Peer("socket.io", "socket.io/server.mjs", SocketIO()),
    Peer("socketify", "socketify/server.py"),
)
FLOOR: Final = Peer("floor", "floor/server.py")


class House:
    """The folder outside the repository in which libraries are installed and databases lie."""

    def __init__(self, cache: Path) -> None:
        self.cache = cache.resolve()
        self.scratch = self.cache / "scratch"
        # Seconds to wait for a quiet machine before each run.
        self.patience = 0.0
        # Whether chatapp is to be looked into: slower, so never in a comparison.
        self.inside = False

    @property
    def python(self) -> Path:
        return self.cache / "venv" / "bin" / "python"

    @property
    def node(self) -> Path:
        return self.cache / "node_modules" / ".bin" / "node"

    def install(self) -> None:
        """Put the pinned versions of bench/peers/ into the cache folder; a second time costs nothing."""
        self.cache.mkdir(parents=True, exist_ok=True)
        shutil.copytree(SOURCES, self.cache / "peers", dirs_exist_ok=True)
        pinned = b"".join((SOURCES / name).read_bytes() for name in ("requirements.txt", "package-lock.json"))
        stamp, digest = self.cache / "installed", hashlib.sha256(pinned).hexdigest()
        if stamp.exists() and stamp.read_text() == digest:
            return
        venv.create(self.cache / "venv", with_pip=True, clear=True)
        _run([str(self.python), "-m", "pip", "install", "--quiet", "-r", str(SOURCES / "requirements.txt")], self.cache)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCES / name, self.cache)
        _run(["npm", "ci", "--no-audit", "--no-fund"], self.cache)
        stamp.write_text(digest)

    def clear(self) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)

    @contextmanager
    def open(self, peer: Peer, model: Path, furnished: Furnished) -> Iterator[Server]:
        """The server on a database of its own."""
        self.clear()
        self.scratch.mkdir(parents=True)
        with self._started(peer, model, furnished) as running:
            yield running

    def _started(self, peer: Peer, model: Path, furnished: Furnished) -> AbstractContextManager[Server]:
        log = self.scratch / "log"
        if peer.is_ours:
            shutil.copytree(model, self.scratch / "data")
            words = ("bench.turns",) if self.inside else ("chatapp", "serve")
            settings = furnish.environment_for(self.scratch / "data", peer.fsync)
            return server.chatapp({**_environ(), **settings}, log, words)
        database = self.scratch / "peer.db"
        make_database(database, furnished)
        port = server.free_port()
        program = self.python if peer.script.endswith(".py") else self.node
        environ = {
            **_environ(),
            "DATABASE": str(database),
            "SYNCHRONOUS": peer.fsync.upper(),
            "PORT": str(port),
            "PYTHONPATH": str(self.cache / "peers"),
            "NODE_NO_WARNINGS": "1",
        }
        return server.running([str(program), str(self.cache / "peers" / peer.script)], environ, port=port, log=log)


def make_database(path: Path, furnished: Furnished) -> None:
    """The same people, tokens and rooms as in chatapp's."""
    with sqlite3.connect(path) as database:
        database.executescript(SCHEMA)
        people = [
            (hashlib.sha256(token.encode()).hexdigest(), f"guest-{number:05}")
            for number, token in enumerate(furnished.tokens)
        ]
        database.executemany("INSERT INTO people VALUES (?, ?)", people)
        past = [
            (room, "guest-00000", f"{furnish.TEXT} {number}", number)
            for room in (furnish.EVERYONE, *furnished.rooms)
            for number in range(PAST)
        ]
        database.executemany("INSERT INTO messages (room, author, content, at) VALUES (?, ?, ?, ?)", past)
    database.close()


def _environ() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("CHATAPP_")}


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own words
        command, cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
