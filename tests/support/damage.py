"""What a disk does to a file behind its owner's back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chatapp.core.models import message_id
from tests.support.engine import behind_its_back, unguarded


def alter(path: Path, room_id: int, index: int, columns: Mapping[str, Any]) -> None:
    """Change columns of a message as a flipped bit would."""
    names = ", ".join(f'"{name}" = ?' for name in columns)
    with behind_its_back(path) as connection:
        unguarded(connection)
        sql = f"UPDATE messages SET {names} WHERE id = ?"  # noqa: S608 - a test's own names
        assert connection.execute(sql, (*columns.values(), message_id(room_id, index))).rowcount == 1


def flip(path: Path, offset: int, bit: int = 0) -> None:
    """Turn one bit of the file over."""
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1 << bit]))


def overwrite(path: Path, old: bytes, new: bytes) -> None:
    """Put other bytes where those are, which is one place of the file."""
    content = path.read_bytes()
    assert (content.count(old), len(old)) == (1, len(new))
    path.write_bytes(content.replace(old, new))
