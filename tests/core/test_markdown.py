"""Markdown as people type it: what is drawn of it, what stays as typed, and how long it may take."""

from __future__ import annotations

import random
import re
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.core.text import render
from chatapp.core.text.drawing import MOST_DRAWN
from chatapp.core.text.markdown import MOST_BRACKETS, MOST_NESTED
from tests.support.drawn import Drawn
from tests.support.injections import INJECTIONS
from tests.support.time import quickly

MOST = 8000
TABLE = (
    '<div class="wide" tabindex="0"><table dir="auto"><thead><tr><th>a</th><th class="right">b</th></tr></thead>'
    '<tbody><tr><td>1</td><td class="right">2</td></tr></tbody></table></div>'
)
# Ten times what the slowest took, in time of the processor.
SECONDS = 1.5


@pytest.mark.parametrize(
    ("content", "html"),
    [
        ("**bold** and __bold__", "<strong>bold</strong> and <strong>bold</strong>"),
        ("*italic* and _italic_", "<em>italic</em> and <em>italic</em>"),
        ("~~gone~~", "<s>gone</s>"),
        ("***both***", "<em><strong>both</strong></em>"),
        ("`a < *b*`", "<code>a &lt; *b*</code>"),
        ("```\na  <b>\n\n  c\n```", "<pre><code>a  &lt;b&gt;\n\n  c</code></pre>"),
        ("```py\nx = 1", '<pre><code>x = <span class="num">1</span></code></pre>'),
        ("```nothing\nx = 1\n```", "<pre><code>x = 1</code></pre>"),
        ("> a\n> b", '<blockquote dir="auto"><p dir="auto">a<br>b</p></blockquote>'),
        ("- a\n- b", '<ul dir="auto"><li>a</li><li>b</li></ul>'),
        ("1. a\n2. b", '<ol dir="auto"><li>a</li><li>b</li></ol>'),
        ("3) c", '<ol dir="auto" start="3"><li>c</li></ol>'),
        ("- a\n  - b", '<ul dir="auto"><li>a<ul dir="auto"><li>b</li></ul></li></ul>'),
        ("|a|b|\n|-|-:|\n|1|2|", TABLE),
        ("one\ntwo *three*", "one<br>two <em>three</em>"),
        ("one\n\n*two*", '<p dir="auto">one</p><p dir="auto"><em>two</em></p>'),
        (r"\*no\* *yes*", "*no* <em>yes</em>"),
        ("\\*only\\*", "*only*"),
        ("cake :tada: now", "cake 🎉 now"),
    ],
    ids=str,
)
def test_markdown_is_drawn(content: str, html: str) -> None:
    assert render(content) == html
    assert Drawn(html).wrong == []


@pytest.mark.parametrize(
    "content",
    [
        *(
            "snake_case_name and _x",
            "2 * 3 * 4",
            "a * b",
            "* ",
            "5 ** 2",
            "~ 5",
            "~5~",
            "a`b",
            "[x]",
            "[x] (y)",
        ),
        *(
            "# no heading",
            "no heading\n===",
            "---",
            "***",
            "- ",
            "-",
            "+",
            "1.",
            ">",
            "```",
            "~~~~",
            "``",
            "| a | b |",
            "a|b\nc|d",
        ),
        *(
            "<b>bold</b>",
            "<!-- x -->",
            "&lt; &amp; &#65;",
            "![",
            "[]()",
            "[x](javascript:alert(1))",
            "[x](//evil.example)",
        ),
        *(
            "[x](/logout)",
            "[x](data:text/html,x)",
            "[x](https:x)",
            "[x](https:///x)",
            "[x][y]\n\n[y]: /z",
            "    indented",
        ),
        *(
            "one\ntwo\n\nthree",
            "10:30:00",
            ":)",
            ":-)",
            ":nothing:",
            "x:tada:",
            ":tada:x",
            ":TADA:",
            "C:\\Users\\ada",
            "@",
            "@ada",
            "#general",
        ),
    ],
    ids=ascii,
)
def test_everything_else_stays_as_typed(content: str) -> None:
    assert render(content) == ""


def test_a_named_link_says_where_it_leads() -> None:
    (link,) = Drawn(render("[my *bank*](https://evil.example/?a=1&b=2)")).links
    assert link["href"] == link["title"] == "https://evil.example/?a=1&b=2"
    assert Drawn(render("[](https://a.example)")).text == "https://a.example"


def test_an_image_of_somebody_elses_server_is_a_link() -> None:
    assert Drawn(render("![cat](https://evil.example/cat.png)")).tags == ["a"]


@pytest.mark.parametrize(
    ("content", "size"),
    [("🎉", 1), ("👩‍👩‍👧‍👦 🏳️‍🌈", 2), ("👍🏽👍🏽👍🏽", 3), (":tada:", 1), (" :tada: ❤️ ", 2), ("1️⃣", 1)],
)
def test_up_to_three_emoji_alone_are_large(content: str, size: int) -> None:
    html = render(content)
    assert html.startswith('<span class="large">')
    assert html.endswith("</span>")
    assert Drawn(html).wrong == []
    assert size <= 3


@pytest.mark.parametrize("content", ["🎉🎉🎉🎉", "🎉 hi", "你好", "é", "🏽"])
def test_four_emoji_or_words_are_not(content: str) -> None:
    assert "large" not in render(content)


def test_code_that_may_scroll_can_be_reached_by_keyboard() -> None:
    assert render(f"```\n{'x' * 300}\n```").startswith('<pre tabindex="0">')
    assert render("```\nx\n```").startswith("<pre>")


def test_what_nests_too_deep_loses_no_word() -> None:
    deep = Drawn(render(f"{'> ' * 100}words"))
    assert deep.tags.count("blockquote") == MOST_NESTED
    assert deep.text.endswith("words")
    assert Drawn(render(f"{'- ' * 100}words")).text.endswith("words")


def test_a_body_that_would_grow_out_of_all_proportion_is_shown_as_typed() -> None:
    grows = (">a\n\n" * MOST)[:MOST]
    assert len(grows) * 14 > MOST_DRAWN
    assert render(grows) == ""


def test_beyond_some_brackets_they_stay_text() -> None:
    page = Drawn(render("[a](http://b.c) " * (MOST_BRACKETS + 5)))
    assert len(page.links) >= MOST_BRACKETS
    assert "[a](" in page.text


PIECES = [
    *(
        ">",
        "> \n",
        ">\n\n",
        "- ",
        "-\n",
        "- a\n",
        "1. ",
        "*",
        "**",
        "_",
        "*a ",
        "*a**b",
        "a*",
        "~~a",
        "`",
        "``",
        "`a",
        "[",
        "]",
    ),
    *(
        "[]",
        "[a](",
        "](",
        ")[",
        "![",
        "[a](<b",
        "[a](http://x ",
        "\\",
        "\\*",
        "|",
        "|a",
        "|-\n",
        "a|b\n-|-\n",
        "```\n",
        "~~~\n",
    ),
    *(
        "\n",
        " ",
        "\t",
        "  \n",
        ":",
        ":a:",
        "http://",
        "http://a(",
        "http://a?'",
        "mailto:",
        "mailto:a@b ",
        "<",
        "&",
        "a_",
        "[x ",
    ),
]


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
def test_drawing_the_longest_message_is_quick(piece: str) -> None:
    table = f"|{'a|' * 300}\n|{'-|' * 300}\n"
    chance = random.Random(piece)
    others = ["".join(chance.choice(PIECES) for _ in range(3)) * MOST for _ in range(3)]
    for evil in (piece * MOST, f"> {piece * MOST}", table + piece * MOST, f"[x {piece * 990}](http://a) " * 9, *others):
        html = quickly(partial(render, evil[:MOST]), seconds=SECONDS)
        assert len(html) <= MOST_DRAWN
        assert Drawn(html).wrong == []


@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "**{}**",
        "> {}",
        "- {}",
        "`{}`",
        "```\n{}\n```",
        "```html\n{}\n```",
        "[{}](https://a.b)",
        "[x]({})",
        "|{}|\n|-|\n|{}|",
    ],
)
def test_nothing_but_what_is_allowed_comes_out_of_what_means_harm(around: str) -> None:
    for text in INJECTIONS:
        assert Drawn(render(around.replace("{}", text))).wrong == []


_signs = st.sampled_from(
    [
        *PIECES,
        *"*_~`[]()<>|\\:&\"'-+#@!.0123456789\n \t",
        "a",
        "é",
        "世",
        "😀",
        "https://a.b",
        "javascript:",
        "](https://a.b)",
        "html\n",
    ]
)


@given(st.lists(st.one_of(_signs, st.text(max_size=4)), max_size=40).map("".join))
def test_nothing_but_what_is_allowed_ever_comes_out(content: str) -> None:
    html = render(content)
    assert Drawn(html).wrong == []
    assert not html or Drawn(html).text.strip()


@pytest.mark.parametrize("first", ["a", "*a*", "> a", "- a", "```\na\n```"])
@pytest.mark.parametrize("second", ["b", "*b*", "> b", "- b", "```\nb\n```"])
def test_parts_stay_apart(first: str, second: str) -> None:
    assert not re.search("ab", Drawn(render(f"{first}\n\n{second}")).spaced)
