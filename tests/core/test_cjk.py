"""Addresses and emphasis in Chinese, Japanese and Korean, which are written without spaces."""

from __future__ import annotations

from functools import partial

import pytest

from chatapp.core.text import render
from tests.support.drawn import Drawn
from tests.support.time import quickly

MOST = 8000
# Ten times what the slowest took, in time of the processor.
SECONDS = 0.5


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("看 https://example.com/a，很好。", "https://example.com/a"),
        ("看https://example.com/a。好", "https://example.com/a"),
        ("看：https://example.com/a！", "https://example.com/a"),
        ("（https://example.com/a_(b)）", "https://example.com/a_(b)"),
        ("https://example.com（见附件）", "https://example.com"),
        ("“https://example.com/?q=1”说", "https://example.com/?q=1"),
        ("「https://example.com/a」を見て", "https://example.com/a"),
        ("ここhttps://example.com/a、次", "https://example.com/a"),
        ("여기https://example.com/a 보세요", "https://example.com/a"),
        ("看https://zh.wikipedia.org/wiki/聊天", "https://zh.wikipedia.org/wiki/聊天"),
        ("https://ja.wikipedia.org/wiki/データベース・管理。", "https://ja.wikipedia.org/wiki/データベース・管理"),
        ("邮箱mailto:ada@example.org。", "mailto:ada@example.org"),
        ("**https://example.com/a**，好", "https://example.com/a"),
    ],
    ids=ascii,
)
def test_an_address_ends_where_the_sentence_goes_on(content: str, found: str) -> None:
    page = Drawn(render(content))
    assert [link["href"] for link in page.links] == [found]
    assert page.text == content.replace("*", "")


@pytest.mark.parametrize("content", ["xhttps://example.com", "éhttps://example.com", "看https://，好", "看https:。"])
def test_what_is_no_address_stays_none(content: str) -> None:
    assert render(content) == ""


@pytest.mark.parametrize(
    ("content", "html"),
    [
        ("**注意：**请看", "<strong>注意：</strong>请看"),
        ("**“引用”**说", "<strong>“引用”</strong>说"),
        ("他说**“引用”**。", "他说<strong>“引用”</strong>。"),
        ("请*（小心）*走", "请<em>（小心）</em>走"),
        ("请~~（小心）~~走", "请<s>（小心）</s>走"),
        ("看**`code`**吧", "看<strong><code>code</code></strong>吧"),
        ("これは**「太字」**です", "これは<strong>「太字」</strong>です"),
        ("이것은 **‘강조’**입니다", "이것은 <strong>‘강조’</strong>입니다"),
        ("**中文**English", "<strong>中文</strong>English"),
        ("（_a_）", "（<em>a</em>）"),
        ("**Note:**text", "**Note:**text"),
        ("** 注意：**请看", "** 注意：**请看"),
        ("中_文_字", "中_文_字"),
    ],
    ids=ascii,
)
def test_emphasis_needs_no_space_beside_wide_characters(content: str, html: str) -> None:
    assert (render(content) or content) == html


@pytest.mark.parametrize("content", ["2*3*4", "a*b*c", "3*x*y = 2*w*h", "长 2*3*4 米"])
def test_a_lone_asterisk_between_ascii_letters_or_digits_is_none(content: str) -> None:
    assert render(content) == ""


def test_other_asterisks_within_a_word_are_emphasis() -> None:
    assert render("Docker**file**s") == "Docker<strong>file</strong>s"
    assert render("长*宽*高") == "长<em>宽</em>高"


@pytest.mark.parametrize(
    "piece",
    [
        "看https://a。",
        "看http://a/（",
        "看mailto:",
        "**注意：**请看",
        "。*",
        "*。*",
        "“**",
        "**“",
        "~~。",
        "1*",
        "www.",
        "www.a.de/(",
    ],
)
def test_drawing_the_longest_message_is_quick(piece: str) -> None:
    evil = (piece * MOST)[:MOST]
    assert Drawn(quickly(partial(render, evil), seconds=SECONDS)).wrong == []
