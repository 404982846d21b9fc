"""Which messages need no Markdown: most. What reads Markdown is loaded with the first that does."""

from __future__ import annotations

import re
from typing import Final

# Each begins with a letter of its own: Python's engine makes a set of them and runs over all the others. It makes none
# where capitals count as small letters, or where the beginning of a line is one of the beginnings.
_within: Final = re.compile(
    r"""\* | _ | ` | \\ | ~~ | \]\( | \.(?<=[wW]{3}\.)
    | :(?: (?<=[hH][tT][tT][pP]:) | (?<=[hH][tT][tT][pP][sS]:) | (?<=[mM][aA][iI][lL][tT][oO]:) | [a-zA-Z0-9_+-]+: )""",
    re.VERBOSE,
)
_begins: Final = re.compile(
    r"^(?: [ \t]*(?: > | (?: [-+] | \d{1,9}[.)] ) (?: [ \t] | $ ) ) | [ \t|:-]*-[ \t|:-]*$ )", re.MULTILINE | re.VERBOSE
)


def is_plain(content: str) -> bool:
    """Whether a look is enough to say that there is no markup. False: perhaps there is."""
    if _within.search(content):
        return False
    if "\r" in content:
        # A line ends with it as well (CommonMark 2.1).
        content = content.replace("\r", "\n")
    return not (_begins.search(content) if "\n" in content else _begins.match(content))
