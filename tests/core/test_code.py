"""Code in colours: every letter of it, in bounded time, whatever it is said to be."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.core.text.code import coloured
from chatapp.core.text.languages import LANGUAGES
from tests.support.drawn import Drawn

SIZE = 8000
# Twenty times what the slowest took, in time of the processor.
SECONDS = 0.5
PIECES = [
    *(
        "'",
        '"',
        "'''",
        '"""',
        "/*",
        "//",
        "<!--",
        "<",
        "<a ",
        '<a b="',
        "{",
        "(",
        "((",
        "[",
        "#",
        "# ",
        "$",
        "$(",
        "`",
        "\\",
        "@",
    ),
    *(
        "*",
        "-",
        "--",
        "->",
        "=",
        "~",
        "|",
        ":",
        ";",
        "\n",
        " ",
        "\t",
        "a",
        "a ",
        "a.",
        "a(",
        "a:",
        "0",
        "0x",
        "1e",
        "1.",
        "1_",
        "_",
    ),
    *(
        "r'",
        "<<A\n",
        "{-",
        "-\n",
        "- ",
        "a: ",
        "---",
        "+++",
        "@@ ",
        "'a",
        '"a',
        '\\"',
        "a\n",
        "a = ",
        "[[",
        "a-",
        "a/",
        ">>> ",
    ),
]


@pytest.mark.parametrize(
    ("language", "code", "kinds"),
    [
        (
            "python",
            "def f(x):  # why\n    return 'a' + str(1)",
            {"key": ["def", "return"], "com": ["# why"], "str": ["'a'"], "num": ["1"]},
        ),
        ("py", '"""two\nlines"""', {"str": ['"""two\nlines"""']}),
        ("js", "const a = `x` // y", {"key": ["const"], "str": ["`x`"], "com": ["// y"]}),
        ("rust", "fn f<'a>(x: &'a str) { println!(\"{}\", x) }", {"key": ["fn", "str"], "str": ['"{}"']}),
        ("sql", "SELECT 1 -- one", {"key": ["SELECT"], "num": ["1"], "com": ["-- one"]}),
        ("diff", "@@ 1\n+new\n-old\n same", {"com": ["@@ 1"], "ins": ["+new"], "del": ["-old"]}),
        ("json", '{"a": "b", "c": true}', {"fun": ['"a"', '"c"'], "str": ['"b"'], "key": ["true"]}),
        ("yaml", "a: yes # b", {"fun": ["a"], "key": ["yes"], "com": ["# b"]}),
        ("html", '<p class="x">hi</p>', {"key": ["<p", ">", "</p", ">"], "fun": ["class"], "str": ['"x"']}),
        ("sh", 'echo "$HOME" # home', {"key": ["echo"], "str": ['"$HOME"'], "com": ["# home"]}),
        ("C", "#include <x>\nint main() { return 0; }", {"com": ["#include"], "key": ["int", "return"], "num": ["0"]}),
    ],
    ids=str,
)
def test_words_of_a_known_language_have_colours(language: str, code: str, kinds: dict[str, list[str]]) -> None:
    drawn = Drawn(coloured(code, language))
    assert drawn.wrong == []
    assert drawn.text == code
    for kind, words in kinds.items():
        assert drawn.words(kind) == words


@pytest.mark.parametrize("language", ["", "klingon", "../../etc/passwd", "<script>", "py thon"])
def test_an_unknown_language_has_none(language: str) -> None:
    assert coloured("if <x>: 'y'", language) == "if &lt;x&gt;: &#x27;y&#x27;"


@pytest.mark.parametrize("language", sorted({id(each): name for name, each in LANGUAGES.items()}.values()))
def test_colouring_is_quick_and_keeps_every_letter(language: str) -> None:
    for piece in PIECES:
        for evil in (piece * SIZE, piece + "a" * SIZE, piece + " " * SIZE):
            code = evil[:SIZE]
            started = time.process_time()
            html = coloured(code, language)
            assert time.process_time() - started < SECONDS, (language, piece)
            assert html.count("<span class=") == html.count("</span>")


@given(
    st.sampled_from(sorted(LANGUAGES)),
    st.lists(st.one_of(st.sampled_from(PIECES), st.text(max_size=4)), max_size=30).map("".join),
)
def test_every_letter_stays(language: str, code: str) -> None:
    drawn = Drawn(coloured(code, language))
    assert drawn.wrong == []
    assert drawn.text == code
