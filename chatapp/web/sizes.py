"""What a file is and how large, in a few words."""

from __future__ import annotations

from typing import Final

from chatapp.core import files
from chatapp.core.models import Attachment
from chatapp.web.language import _

THOUSAND: Final = 1000
UNITS: Final = ("B", "KB", "MB", "GB", "TB")
# Up to there a decimal says something.
FEW: Final = 10


def size(number: int) -> str:
    """Bytes in the unit that fits: 999 B, 1.5 KB, 48 KB."""
    value, unit = float(number), 0
    while round(value) >= THOUSAND and unit < len(UNITS) - 1:
        value, unit = value / THOUSAND, unit + 1
    shown = f"{value:.1f}".removesuffix(".0") if unit and round(value, 1) < FEW else f"{round(value)}"
    return f"{shown} {UNITS[unit]}"


def about(attachment: Attachment) -> str:
    """As in HTML, 48 KB."""
    return f"{files.kind(attachment.name) or _('File')}, {size(attachment.size)}"
