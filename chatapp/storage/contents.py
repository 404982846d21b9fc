"""The contents of files and the rows that name them, for an audit and a backup. All of it blocks."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Final

from chatapp.storage.blobs import COPIES, FOLDER, contents, digest_of, hide_time, sync
from chatapp.storage.database import Source
from chatapp.storage.findings import FILED, Checked, Finding, Report

# What an interrupted upload has left is taken away before that.
FORGOTTEN_SECONDS: Final = 86_400
# Rows that are about to go name nothing any more.
NAMED: Final = (
    'SELECT f.digest, min(r.slug), min(f."index") FROM files f JOIN rooms r ON r.id = f.room_id '
    'WHERE f.uploaded_by IS NOT NULL OR f."index" IS NOT NULL GROUP BY f.digest ORDER BY f.digest'
)
# SQLite gives the id of a deleted row out again.
ROWS: Final = 'SELECT id, created_at FROM files WHERE digest = ? AND (uploaded_by IS NOT NULL OR "index" IS NOT NULL)'
GOING: Final = "SELECT count(*) FROM files WHERE digest = ?"


def check(source: Source, report: Report, data: Path) -> Checked:
    """Every content that is named, each what was stored; and none that is not.

    What the source reads is of the moment it is asked, so that what changes meanwhile is no fault.
    """
    if (report.revision or "") < FILED:
        return
    named = set()
    for digest, slug, index in list(source.execute(NAMED)):
        named.add(digest)
        report.files += 1
        if what := _fault(source, data, digest):
            where = f"file of message {index}" if index is not None else "file that is not sent yet"
            yield Finding(f"Room {slug}: the content of a {where} is {what}: {digest}.", slug, index)
    lost = sum(
        path.name not in named and _is_old(path) and not source.execute(GOING, (path.name,)).fetchone()[0]
        for path in contents(data / FOLDER)
    )
    if lost:
        yield Finding(f"The folder of files holds contents that no row names: {lost}.")


def _fault(source: Source, data: Path, digest: str) -> str:
    """What is wrong with a content, looked at again between two looks at the rows: one of them must name it in both."""
    if not _seen(data, digest):
        return ""
    before = _rows(source, digest)
    what = _seen(data, digest)
    return what if before & _rows(source, digest) else ""


def _seen(data: Path, digest: str) -> str:
    try:
        return "" if digest_of(place(data, digest)) == digest else "not what was stored"
    except (FileNotFoundError, IsADirectoryError):
        return "missing"


def _rows(source: Source, digest: str) -> set[tuple[int, int]]:
    return {(ident, created_at) for ident, created_at in source.execute(ROWS, (digest,))}


def named(file: Source) -> set[str]:
    """The digests that a database file names; of an earlier schema none."""
    is_there = file.execute("SELECT count(*) FROM sqlite_master WHERE name = 'files'").fetchone()[0]
    return {row[0] for row in file.execute(NAMED)} if is_there else set()


def copy(data: Path, target: Path, digests: set[str] | None = None) -> None:
    """The contents with those digests, or all, with the copies of pictures; what is there already is left as it is.

    Their names are on the disk after :func:`sync_names` only.
    """
    for path in contents(data / FOLDER):
        if digests is None or path.name in digests:
            for each in (*(path.with_name(f"{path.name}.{copy}") for copy in COPIES), path):
                _copied(each, place(target, path.name).with_name(each.name))


def keep_only(target: Path, digests: set[str]) -> None:
    """Take away all others."""
    for path in list(contents(target / FOLDER)):
        if path.name not in digests:
            for each in path.parent.glob(f"{path.name}*"):
                each.unlink()


def sync_names(target: Path) -> None:
    """Of all contents, and of the folders they are in."""
    root = target / FOLDER
    for folder in (*root.glob("*"), root) if root.exists() else ():
        sync(folder)


def place(data: Path, digest: str) -> Path:
    return data / FOLDER / digest[:2] / digest


def _copied(source: Path, target: Path) -> None:
    if target.exists():
        return
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        shutil.copyfile(source, target)
    except FileNotFoundError:
        # Deleted meanwhile, or no picture.
        target.unlink(missing_ok=True)
        return
    target.chmod(0o600)
    hide_time(target, target.name)
    sync(target)


def _is_old(path: Path) -> bool:
    try:
        return path.stat().st_ctime < time.time() - FORGOTTEN_SECONDS
    except FileNotFoundError:
        return False
