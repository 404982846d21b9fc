"""What a message may hold, and which addresses in it become links."""

from __future__ import annotations

import re

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from linkify_it import LinkifyIt

from chatapp.core import search
from chatapp.core.errors import Invalid, TooLarge
from chatapp.core.models import Message, Person
from chatapp.core.names import BIDI
from chatapp.core.text import clean, is_visible, render
from tests.support.drawn import SCHEMES, Drawn

MOST = 8000
LINKS = LinkifyIt(options={"fuzzy_link": False, "fuzzy_email": False}).add("ftp:", None).add("//", None)


# What may be said


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("hello", id="plain"),
        pytest.param("  indented\n\ttabs and\r\nlines \n", id="white space stays"),
        pytest.param("你好，世界", id="CJK"),
        pytest.param("👩‍👩‍👧‍👦 🏳️‍🌈 👋🏽", id="emoji with joiners"),
        pytest.param("שלום \u202bعربي\u202c", id="right to left with marks"),
        pytest.param("e\u0301 is not \u00e9", id="composed and decomposed"),
        pytest.param("\U0001f600" * MOST, id="as long as may be, outside the basic plane"),
        pytest.param("<script>alert(1)</script> & \"quotes\" 'too'", id="markup"),
        pytest.param("{{ 7*7 }} ${7*7} %s %(x)s \\u0000 \\x00", id="looks like something else"),
        pytest.param("null", id="a word of JSON"),
        pytest.param(".", id="one character"),
    ],
)
def test_what_was_written_stays_as_it_was(content: str) -> None:
    assert clean(content, MOST) == content


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("", id="nothing"),
        pytest.param(" \t\r\n", id="white space"),
        pytest.param("\u3000\u2003\xa0", id="white space of other scripts"),
        pytest.param("\u200b\u200d\ufeff\u2060", id="characters of no width"),
        pytest.param("\u202e\u2066", id="turning marks alone"),
        pytest.param("\x01\x1b\x7f\x85", id="controls"),
        pytest.param("\u00ad", id="soft hyphen"),
        pytest.param("\uffff\U0010ffff", id="no characters at all"),
    ],
)
def test_what_cannot_be_seen_is_empty(content: str) -> None:
    with pytest.raises(Invalid) as refusal:
        clean(content, MOST)
    assert refusal.value.errors[0].field == "content"


@pytest.mark.parametrize("content", ["\ud800", "a\udfffb", "\ud83d\ud83d", "\x00", "a\x00b"], ids=ascii)
def test_what_cannot_be_stored_is_refused(content: str) -> None:
    with pytest.raises(Invalid):
        clean(content, MOST)


@pytest.mark.parametrize("character", ["x", "世", "😀", "\u0301", " "], ids=ascii)
def test_the_limit_counts_code_points(character: str) -> None:
    assert clean("x" + character * (MOST - 1), MOST)
    with pytest.raises(TooLarge, match="8000 characters; this one has 8001"):
        clean("x" + character * MOST, MOST)


@given(st.text())
def test_what_is_accepted_is_what_came_and_can_be_stored(content: str) -> None:
    try:
        assert clean(content, MOST) == content
    except Invalid:
        assert "\x00" in content or not any(map(is_visible, content))
    else:
        assert content.encode().decode() == content


# Links


def links(content: str) -> list[str]:
    return [link["href"] for link in Drawn(render(content)).links]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("see https://example.org/a?b=c&d=e#f now", ["https://example.org/a?b=c&d=e#f"]),
        ("HTTP://EXAMPLE.ORG", ["HTTP://EXAMPLE.ORG"]),
        ("(https://example.org/a_(b)).", ["https://example.org/a_(b)"]),
        ("https://a.example and http://b.example", ["https://a.example", "http://b.example"]),
        ("mailto:ada@example.org", ["mailto:ada@example.org"]),
        ("http://localhost:8080/x", ["http://localhost:8080/x"]),
        ("http://127.0.0.1:8080/", ["http://127.0.0.1:8080/"]),
        ("https://例え.jp/道", ["https://例え.jp/道"]),
        ("<https://example.org>", ["https://example.org"]),
        ("(Www.example.org/a_(b)).", ["https://Www.example.org/a_(b)"]),
        ("看www.example.org/a。好 www.b.example: a name", ["https://www.example.org/a", "https://www.b.example"]),
        ("https://www.example.org/www.a.example", ["https://www.example.org/www.a.example"]),
        ("https://a.example\u202e/elpmaxe.b and www.b.example\u2066/x", ["https://a.example", "https://www.b.example"]),
        ("http://a.example/\u0646\u0645\u06cc\u200c\u062f", ["http://a.example/\u0646\u0645\u06cc\u200c\u062f"]),
    ],
    ids=str,
)
def test_addresses_become_links(content: str, found: list[str]) -> None:
    assert links(content) == found
    assert Drawn(render(content)).text == content


@pytest.mark.parametrize(
    "content",
    [
        "javascript:alert(1)",
        "JaVaScRiPt://example.org/%0aalert(1)",
        "java\tscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:msgbox",
        "file:///etc/passwd",
        "ftp://example.org",
        "blob:https://",
        "//example.org",
        "www.example: a name",
        "x-www.example.org: a name",
        "www.example.org@evil.example: a name",
        "example.org: a name",
        "ada@example.org: a name",
        "https:",
        "https://",
        "mailto:",
        "no address: at all",
    ],
    ids=str,
)
def test_everything_else_stays_words(content: str) -> None:
    assert render(content) == ""


@pytest.mark.parametrize(
    "content",
    [
        'https://example.org/"onmouseover="alert(1)',
        "https://example.org/'><script>alert(1)</script>",
        "https://example.org/<img src=x onerror=alert(1)>",
        "https://example.org/&quot;onclick=alert(1)",
        'mailto:a@example.org?subject="><script>alert(1)</script>',
        "<a href= https://example.org onclick=alert(1)>x</a>",
        "<!-- https://example.org -->",
        "<![CDATA[ https://example.org ]]>",
        "<? https://example.org ?>",
        "&lt;script&gt; https://example.org",
    ],
    ids=str,
)
def test_an_address_cannot_carry_markup(content: str) -> None:
    page = Drawn(render(content))
    assert set(page.tags) == {"a"}
    assert page.wrong == []
    assert page.text == content


def test_an_address_without_a_scheme_leads_to_the_safe_one() -> None:
    assert 'href="https://www.example.org/a"' in render("www.example.org/a")
    assert Drawn(render("[www.example.org](https://a.example)")).text == "www.example.org"
    page = Message(1, 1, 1, 1, 1, "ada", "Ada", "see www.example.org.", "", 0)
    assert search.spans(search.parse("has:link"), page, Person(9, "grace", "Grace")) is not None


def test_a_link_tells_the_other_side_nothing() -> None:
    assert render("https://example.org") == (
        '<a href="https://example.org" rel="nofollow noopener noreferrer" target="_blank">https://example.org</a>'
    )


def test_where_there_is_no_link_nothing_is_drawn() -> None:
    assert render("1 < 2 & 3 > 2: true") == ""
    assert render("<b>bold</b>") == ""


_pieces = st.sampled_from(
    [
        *("https://", "http://", "mailto:", "javascript:", "data:", "ftp:", "//", "example.org", "a@b.de", "localhost"),
        *('"', "'", "<", ">", "&", "&amp;", "&#x6a;", "<script>", "</a>", "<!--", "]]>", "\n", " ", ":", "/", "?", "#"),
        *(
            "世界",
            "😀",
            "\u202e",
            "\u200b",
            "\xad",
            "(",
            ")",
            "[",
            "]",
            "%22",
            "%3C",
            "\t",
            "\x0b",
            "\\",
            "`",
            "{",
            "}",
        ),
    ]
)


@given(st.lists(st.one_of(_pieces, st.text(max_size=5)), max_size=12).map("".join))
@example("https://example.org/\xad<javascript:alert(1)>")
@example("世界https://example.org/")
def test_nothing_but_safe_links_comes_out_and_the_words_stay(content: str) -> None:
    page = Drawn(render(content))
    assert page.wrong == []
    assert all(link["href"].lower().startswith(SCHEMES) for link in page.links)
    # Signs and white space may go, words may not: but for a language, a target or the name of an emoji.
    if page.text and not re.search(r"```|~~~|\]\(|:[\w+-]+:", content):
        # Where words stand without spaces, a link may begin in the middle of what a pattern takes for one.
        shown = re.findall(r"[^\W\d_]+", f"{page.spaced} {page.text}")
        assert set(re.findall(r"[^\W\d_]+", content)) <= set(shown)


def test_a_message_has_at_most_a_hundred_links_and_all_of_its_words() -> None:
    content = " ".join(f"http://a.b/{number}" for number in range(150))
    page = Drawn(render(content))
    assert [link["href"] for link in page.links] == content.split()[:100]
    assert page.text == content


@pytest.mark.parametrize("piece", ["http://a?'", "http://a/(", 'https://a/"', "http://a.b/((", "http://a.b/.."])
def test_drawing_looks_at_each_part_of_a_message_a_few_times_only(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = (piece * MOST)[:MOST]
    looked_at: list[int] = []
    test = LinkifyIt.test_schema_at

    def counts(linkifier: LinkifyIt, text: str, name: str, position: int) -> int:
        looked_at.append(len(text) - position)
        return int(test(linkifier, text, name, position))

    monkeypatch.setattr(LinkifyIt, "test_schema_at", counts)
    assert Drawn(render(content)).links
    assert 0 < sum(looked_at) <= 20 * MOST


@given(st.lists(st.one_of(_pieces, st.text(max_size=5)), max_size=12).map("".join))
def test_what_is_a_link_is_the_linkifiers_to_say(content: str) -> None:
    # What is no message is drawn with another sign for it.
    assume("\x00" not in content)
    # These have a meaning of their own, and a scheme that begins where another ends is not looked for by the linkifier.
    assume(not re.search(r"[\\`*_~[\]|]|(?:https?|mailto):(?:https?|mailto):", content, re.IGNORECASE))
    # It takes the signs of Chinese for part of an address, and no address that follows a letter of its.
    assume(not re.search(r"[\u2018-\u201d\u2025\u2026\u3000-\u303f\uff00-\uffef]", content))
    # And what turns the text around it.
    assume(set(BIDI).isdisjoint(content))
    assume(not re.search(r"[^\x00-\x7f](?:https?|mailto):", content, re.IGNORECASE))
    known = [link.text for link in LINKS.match(content) or ()]
    assert [link["href"] for link in Drawn(render(content)).links] == known
