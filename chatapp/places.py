"""Where docs/, locales/, migrations/, static/ and templates/ are: in an installed package, beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder of that name; the package's own wins over the checkout's."""
    inside = _HERE / name
    return inside if inside.is_dir() else _HERE.parent / name
