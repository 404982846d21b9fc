"""What is written into the index of messages in a file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from chatapp.storage.search import Entry
from chatapp.storage.search import position as first_of

# Tokens are ours already: nothing but the space is between them.
TABLES: Final = """
    CREATE TABLE about (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE reached (room_id INTEGER PRIMARY KEY, version INTEGER NOT NULL);
    CREATE TABLE entries (position INTEGER PRIMARY KEY, message_id INTEGER NOT NULL UNIQUE, tokens TEXT NOT NULL);
    CREATE TABLE vocabulary (word TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE VIRTUAL TABLE words USING fts5(
        tokens, content='entries', content_rowid='position', detail='none', columnsize=0,
        tokenize="ascii tokenchars ':'"
    );
"""
# In "about": something was taken out since the last merge of everything; and that merge has begun.
TO_FORGET: Final = "to_forget"
FORGETTING: Final = "forgetting"
# Merged in one transaction.
PAGES: Final = 500
OURS: Final = """
    SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'words!_%' ESCAPE '!'
"""


def store(db: sqlite3.Connection, room_id: int, version: int, entries: Sequence[Entry]) -> None:
    """In one transaction; a message that is there already is indexed anew."""
    with _transaction(db):
        for entry in entries:
            _store_one(db, entry)
        db.execute("INSERT OR REPLACE INTO reached VALUES (?, ?)", (room_id, version))


def _store_one(db: sqlite3.Connection, entry: Entry) -> None:
    known = db.execute("SELECT position, tokens FROM entries WHERE message_id = ?", (entry.message_id,)).fetchone()
    at, before = known or (0, "")
    if before == entry.tokens:
        return
    if known:
        db.execute("INSERT OR REPLACE INTO about VALUES (?, '')", (TO_FORGET,))
        db.execute("INSERT INTO words (words, rowid, tokens) VALUES ('delete', ?, ?)", (at, before))
        db.execute("DELETE FROM entries WHERE position = ?", (at,))
    if entry.tokens:
        at = at or _free(db, entry.created_at)
        db.execute("INSERT INTO entries VALUES (?, ?, ?)", (at, entry.message_id, entry.tokens))
        db.execute("INSERT INTO words (rowid, tokens) VALUES (?, ?)", (at, entry.tokens))
        db.executemany("INSERT OR IGNORE INTO vocabulary VALUES (?)", [(word,) for word in _words(entry.tokens)])
    for word in set(_words(before)) - set(_words(entry.tokens)):
        # A password said by mistake must not be left behind as a word that others' searches go through.
        if db.execute("SELECT 1 FROM words WHERE words MATCH ? LIMIT 1", (f'"{word}"',)).fetchone() is None:
            db.execute("DELETE FROM vocabulary WHERE word = ?", (word,))


def _words(tokens: str) -> list[str]:
    return [token for token in tokens.split(" ") if token and ":" not in token]


def _free(db: sqlite3.Connection, created_at: int) -> int:
    """The first position of that millisecond that nobody has."""
    first, end = first_of(created_at), first_of(created_at + 1)
    (last,) = db.execute("SELECT max(position) FROM entries WHERE position < ?", (end,)).fetchone()
    at = first if last is None or last < first else last + 1
    # A million in a millisecond are no chat: whoever sets clocks like that has them in the next.
    while db.execute("SELECT 1 FROM entries WHERE position = ?", (at,)).fetchone():
        at += 1
    return at


def forget(db: sqlite3.Connection) -> bool:
    """Take a step in leaving no word of what was taken out in the file; False when there is none left.

    FTS5 only notes that a word is no more there, until what it has written is merged.
    """
    if db.execute("SELECT 1 FROM about WHERE key = ?", (TO_FORGET,)).fetchone() is None:
        return False
    is_begun = db.execute("SELECT 1 FROM about WHERE key = ?", (FORGETTING,)).fetchone() is not None
    with _transaction(db):
        before = db.total_changes
        db.execute("INSERT INTO words (words, rank) VALUES ('merge', ?)", (PAGES if is_begun else -PAGES,))
        # SQLite's own sign that nothing was left to merge.
        if db.total_changes - before < 2:
            db.execute("DELETE FROM about WHERE key IN (?, ?)", (TO_FORGET, FORGETTING))
        else:
            db.execute("INSERT OR REPLACE INTO about VALUES (?, '')", (FORGETTING,))
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return True


def is_as(db: sqlite3.Connection, expected: dict[str, str]) -> bool:
    """Whether it is of that life of the database, and of the shape of this version."""
    is_there = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'about'").fetchone()
    found = dict(db.execute("SELECT key, value FROM about")) if is_there else {}
    return all(found.get(key) == value for key, value in expected.items())


def begin_anew(db: sqlite3.Connection, expected: dict[str, str]) -> None:
    with _transaction(db):
        for (name,) in db.execute(OURS).fetchall():
            db.execute(f"DROP TABLE {name}")
        for statement in TABLES.split(";"):
            db.execute(statement)
        db.executemany("INSERT INTO about VALUES (?, ?)", expected.items())


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
