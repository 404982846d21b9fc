"""How somebody without a picture looks: initials on a hue. The page's scripts count the same way."""

from __future__ import annotations

import re
from typing import Final

HUES: Final = 12
MOST_INITIALS: Final = 2


def hue(username: str) -> int:
    return sum(map(ord, username)) % HUES


def initials(name: str) -> str:
    """The first code point of the first two parts of a name."""
    parts = [part for part in re.split(r"[\s._-]+", name) if part]
    return "".join(part[0] for part in parts[:MOST_INITIALS]).upper()
