"""Copies of a chat that can be trusted, and the way back from one. All of it blocks."""

from __future__ import annotations

import fcntl
import filecmp
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from chatapp.storage import contents, migrate
from chatapp.storage.blobs import FOLDER, make_folder, sync
from chatapp.storage.findings import Report
from chatapp.storage.full import refuse_full
from chatapp.storage.integrity import audit, open_to_read
from chatapp.storage.mark import FILE as MARK
from chatapp.storage.secrets import FILE as SECRETS
from chatapp.storage.secrets import of_backup

DATABASE: Final = "chatapp.db"
BESIDE: Final = ("", "-wal", "-shm")


class BackupError(Exception):
    """It cannot be done; the sentence says why. Nothing that was there has changed."""


def make(data: Path, target: Path) -> Report:
    """A copy of the database as it is at one moment, with its files, and of the secrets, in the new folder ``target``.

    A server may run meanwhile. The answer is the audit of the copy. Raises :class:`BackupError`.
    """
    target = target.absolute()
    if target.exists() and not (target.is_dir() and not any(target.iterdir())):
        raise BackupError(f"{target} is there already. Give the folder of a new backup.")
    make_folder(target.parent)
    _clear(target.parent, data / SECRETS)
    with _unfinished(target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")) as part:
        # First, so that what a kill leaves says whose it is.
        shutil.copy(data / SECRETS, part / SECRETS)
        (part / SECRETS).chmod(0o600)
        # The files before the database: what is deleted while they are copied is still named by a database of before.
        contents.copy(data, part)
        _copy(data / DATABASE, part / DATABASE)
        with closing(open_to_read(part / DATABASE)) as copied:
            named = contents.named(copied)
        contents.copy(data, part, named)
        contents.keep_only(part, named)
        contents.sync_names(part)
        report = audit(part / DATABASE)
        for path in (part / DATABASE, part / SECRETS, part):
            sync(path)
        part.rename(target)
    sync(target.parent)
    return report


def check(source: Path) -> Report:
    """The audit of a backup. Raises :class:`BackupError` where there is none, or where it is a newer version's."""
    if not (source / DATABASE).is_file():
        raise BackupError(f"There is no backup in {source}: it has no {DATABASE}.")
    report = audit(source / DATABASE)
    if report.revision is not None and not migrate.is_known(report.revision):
        raise BackupError(
            f"The backup is at revision {report.revision}, which this version does not know. Nothing was changed: "
            "restore it with the version that made it, or a newer one."
        )
    return report


def restore(data: Path, source: Path) -> Path:
    """Put the backup into the data folder, which the caller holds; the folder in which the files of before are now.

    The log gets a new epoch: clients learn that their numbers are of another history. Nothing is deleted. When this
    is interrupted, the old database is in place or none is, which stops the next start. Raises :class:`BackupError`,
    and ``SecretsError`` for keys that are not whole.
    """
    # Before anything is put aside: keys that are damaged would stop the next start.
    keys = of_backup(source / SECRETS) if os.path.lexists(source / SECRETS) else None
    part, files = data / f"{DATABASE}.part", data / f"{FOLDER}.part"
    with _taken_away(part, files):
        _copy_without_epoch(source / DATABASE, part)
        contents.copy(source, files)
        contents.sync_names(files)
        return _put_in_place(data, part, files / FOLDER, keys)


def _put_in_place(data: Path, part: Path, files: Path, keys: bytes | None) -> Path:
    # With a mark and without a database no start makes an empty chat of it.
    (data / MARK).touch(mode=0o600)
    aside = _aside(data)
    # The database before what belongs to it: a log without its database is no danger.
    for name in (f"{DATABASE}{end}" for end in BESIDE):
        if (data / name).exists():
            (data / name).rename(aside / name)
    if (data / FOLDER).exists():
        (data / FOLDER).rename(aside / FOLDER)
    if files.exists():
        files.rename(data / FOLDER)
    if keys is not None:
        _replace_secrets(data, keys, aside)
    for folder in (aside, data):
        sync(folder)
    # Last, so that no chat starts with keys that are not its own: no cookie and no waiting mail could be opened.
    part.rename(data / DATABASE)
    sync(data)
    return aside


def _copy_without_epoch(source: Path, part: Path) -> None:
    _copy(source, part)
    try:
        with closing(sqlite3.connect(part)) as connection, connection:
            connection.execute("DELETE FROM meta WHERE key = 'epoch'")
    except sqlite3.Error as error:
        refuse_full(error, part.parent)
        raise BackupError(f"{source} cannot be taken: {error}.") from None
    sync(part)


def _replace_secrets(data: Path, keys: bytes, aside: Path) -> None:
    if (data / SECRETS).exists():
        shutil.copy(data / SECRETS, aside / SECRETS)
        sync(aside / SECRETS)
    part = data / f"{SECRETS}.part"
    part.unlink(missing_ok=True)
    part.touch(mode=0o600, exist_ok=False)
    part.write_bytes(keys)
    sync(part)
    part.rename(data / SECRETS)


def _copy(source: Path, target: Path) -> None:
    try:
        with closing(open_to_read(source)) as connection:
            # One read transaction, whoever writes; SQLite's step-by-step copy would begin anew at every commit.
            connection.execute("VACUUM INTO ?", (str(target),))
    except sqlite3.Error as error:
        refuse_full(error, target.parent, source.parent)
        raise BackupError(f"{source} cannot be copied: {error}.") from None
    target.chmod(0o600)


def _aside(data: Path) -> Path:
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    folder = data / f"before-restore-{moment}-{secrets.token_hex(2)}"
    folder.mkdir(mode=0o700)
    return folder


def _clear(place: Path, keys: Path) -> None:
    """Take away what killed backups have left there: with the keys of this chat, and locked by nobody.

    A chat is on one machine, whose locks are seen here. That of another may be at work on another.
    """
    for folder in place.glob(".*.part"):
        with suppress(OSError):
            if filecmp.cmp(folder / SECRETS, keys, shallow=False):
                with _locked(folder):
                    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """A folder that is locked, and taken away unless it was renamed."""
    folder.mkdir(mode=0o700)
    try:
        with _locked(folder):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Raises ``OSError`` while another process does this."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _taken_away(part: Path, files: Path) -> Iterator[None]:
    """A file and a folder that are gone before and afterwards, as far as they were not renamed."""
    part.unlink(missing_ok=True)
    shutil.rmtree(files, ignore_errors=True)
    try:
        yield
    finally:
        part.unlink(missing_ok=True)
        shutil.rmtree(files, ignore_errors=True)
