"""A disk without room, told from a database that is damaged: SQLite names both an error of the disk."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path
from typing import Final

# To read it SQLite may have to make a file beside the database first, of 32 KiB.
ROOM: Final = 65_536


def refuse_full(error: BaseException | None, *folders: Path) -> None:
    """Raise ``OSError`` (ENOSPC) with the first of the folders whose disk is full, if that is what SQLite met."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code not in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}:
        return
    for folder in folders:
        if code == sqlite3.SQLITE_FULL or _is_full(folder):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def _is_full(folder: Path) -> bool:
    disk = os.statvfs(folder)
    # Of files as of bytes; a file system that counts no files says that it has none.
    return disk.f_bavail * disk.f_frsize < ROOM or (disk.f_files > 0 and not disk.f_favail)
