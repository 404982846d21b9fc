"""What a look alone says to be plain is plain by the whole way, too."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chatapp.core.text import Names, render
from tests.support.rounds import rounds

# So many examples take their time.
pytestmark = pytest.mark.timeout(rounds(180, 1800))

PIECES = st.sampled_from(
    [
        *(
            "http:",
            "HTTPS:",
            "//",
            "mailto:",
            "www.",
            "WWW.",
            "wWw",
            "example.org",
            ":a:",
            ":smile:",
            ":",
            "@",
            "#",
            "ada",
        ),
        *(
            "*",
            "**",
            "_",
            "~",
            "~~",
            "`",
            "```",
            "\\",
            "](",
            "[",
            "]",
            "<",
            ">",
            "> ",
            "&",
            "|",
            "-",
            "- ",
            "1. ",
            "12)",
        ),
        *(" ", "\t", "\n", "\n\n", "a", "é", "ſ", "İ", "一", "。", "🎉", "."),
    ]
)
TEXTS = st.lists(PIECES, min_size=1, max_size=12).map("".join) | st.text(min_size=1, max_size=60)
# Names are looked for by the whole way only, also when there are none.
NO_NAMES = Names()


@settings(max_examples=rounds(200, 20_000), deadline=None)
@given(TEXTS)
@example("see WWW.example.org")
@example("a\n- b")
@example("a\r> b")
@example("1) a")
@example("a|b\n-|-\nc|d")
def test_a_look_never_takes_markup_for_plain(content: str) -> None:
    assert render(content) == render(content, NO_NAMES)
