"""Which messages need no Markdown: most. What reads Markdown is loaded with the first that does."""

from __future__ import annotations

import re
from typing import Final

# Most messages hold no sign, and many of the others no markup.
_sign: Final = re.compile(r"[*_`~\]:\\>|]")
_begins_item: Final = frozenset("-+0123456789 \t")
_markup: Final = re.compile(
    r"""[*_`\\] | ~~ | \]\( | (?:https?|mailto): | www\. | :[a-z0-9_+-]+:
    | ^[ \t]*(?: > | [-+][ \t\n] | \d{1,9}[.)][ \t\n] )
    | ^[ \t|:-]*-[ \t|:-]*$""",
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)


def is_plain(content: str) -> bool:
    """Whether a look is enough to say that there is no markup. False: perhaps there is."""
    if not _sign.search(content) and "ww." not in content and "\n" not in content and content[:1] not in _begins_item:
        return True
    return not _markup.search(content)
