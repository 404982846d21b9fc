"""What all Python peers share: people by token, and messages in SQLite, each committed before it is told."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from typing import Any

HISTORY = 50


class Store:
    """One connection, used from the event loop: a commit is short, and a thread would cost more."""

    def __init__(self) -> None:
        self._db = sqlite3.connect(os.environ["DATABASE"], isolation_level=None)
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute(f"PRAGMA synchronous = {os.environ['SYNCHRONOUS']}")

    def name(self, token: str) -> str | None:
        digest = hashlib.sha256(token.encode()).hexdigest()
        row = self._db.execute("SELECT name FROM people WHERE token = ?", (digest,)).fetchone()
        return row[0] if row else None

    def last(self, room: str) -> list[dict[str, Any]]:
        rows = self._db.execute(
            "SELECT id, author, content, at FROM messages WHERE room = ? ORDER BY id DESC LIMIT ?", (room, HISTORY)
        )
        return [dict(zip(("id", "author", "content", "at"), row, strict=True)) for row in reversed(rows.fetchall())]

    def add(self, room: str, author: str, content: str) -> dict[str, Any]:
        at = round(time.time() * 1000)
        row = self._db.execute(
            "INSERT INTO messages (room, author, content, at) VALUES (?, ?, ?, ?)", (room, author, content, at)
        )
        return {"id": row.lastrowid, "author": author, "content": content, "at": at}
