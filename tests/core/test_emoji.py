"""One emoji, and its name."""

from __future__ import annotations

import re
import unicodedata

import pytest

from chatapp.core import language
from chatapp.core.emoji import TABLE, TRANSLATED, _table, is_emoji, name, named, qualified, table

WHOLE = {
    "plain": "😀",
    "tone of skin": "👍🏽",
    "of two people": "🧑🏻‍🤝‍🧑🏿",
    "joined": "👩‍👩‍👧‍👦",
    "joined, with a selector inside": "🏳️‍🌈",
    "flag": "🇩🇪",
    "flag of tags": "🏴󠁧󠁢󠁷󠁬󠁳󠁿",
    "keycap": "1️⃣",
    "drawn as text without a selector": "❤️",
}


@pytest.mark.parametrize("text", WHOLE.values(), ids=WHOLE)
def test_one_emoji_is_one_however_it_is_made(text: str) -> None:
    assert is_emoji(text)
    assert qualified(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "a",
        "1",
        "#",
        "😀😀",
        "😀 ",
        "😀a",
        ":+1:",
        "🇩",
        "🏽",
        "\ufe0f",
        "\u200d",
        "👩‍",
        "‍👩",
        "👍🏽🏽",
        "é",
        "한",
    ],
)
def test_nothing_else_is(text: str) -> None:
    assert not is_emoji(text)


@pytest.mark.parametrize(("short", "full"), [("❤", "❤️"), ("1⃣", "1️⃣"), ("🏳‍🌈", "🏳️‍🌈"), ("👍️", "👍"), ("👁️‍🗨", "👁️‍🗨️")])
def test_spellings_of_one_emoji_are_one(short: str, full: str) -> None:
    assert short != full
    assert qualified(short) == full


@pytest.mark.parametrize(
    ("shortcode", "emoji"),
    [("tada", "🎉"), ("+1", "👍"), ("thumbsup", "👍"), ("heart", "❤️"), ("de", "🇩🇪"), ("flag-de", "🇩🇪"), ("100", "💯")],
)
def test_names_are_those_of_other_chats(shortcode: str, emoji: str) -> None:
    assert named(shortcode) == emoji


@pytest.mark.parametrize("shortcode", ["", ":tada:", "TADA", "no_such_emoji", ")"])
def test_what_is_no_name_names_nothing(shortcode: str) -> None:
    assert named(shortcode) == ""


def test_an_emoji_is_called_what_the_reader_calls_it() -> None:
    assert (name("🎉"), name("👍🏽"), name("no emoji")) == ("party popper", "thumbs up", "no emoji")
    with language.speaking("zh-Hans"):
        assert (name("🎉"), name("👍🏽"), name("no emoji")) == ("拉炮彩带", "拇指向上", "no emoji")
        assert table() != TABLE
    assert table() == TABLE


@pytest.mark.parametrize("tag", sorted(set(language.LANGUAGES) - {language.ENGLISH}))
def test_every_language_has_the_same_emoji_and_finds_them_by_their_english_names_too(tag: str) -> None:
    english, translated = _table(), _table(TRANSLATED[tag])
    for one, other in zip(english, translated, strict=True):
        assert (one.emoji, one.shortcodes, one.skins) == (other.emoji, other.shortcodes, other.skins)
        assert {one.name, *one.keywords} <= {*other.keywords}
    assert sum(one.name == other.name for one, other in zip(english, translated, strict=True)) < len(english) / 100
    assert all(each.name and unicodedata.is_normalized("NFC", each.name) for each in translated)


def test_the_table_is_whole() -> None:
    every = _table()
    names = [shortcode for emoji in every for shortcode in emoji.shortcodes]
    assert len(names) == len(set(names)) > 3000
    # As core/text/markdown.py finds them.
    assert [name for name in names if not re.fullmatch("[a-z0-9_+-]{1,64}", name)] == []
    spellings = [spelling for emoji in every for spelling in (emoji.emoji, *emoji.skins)]
    assert len(spellings) == len(set(spellings)) == 3944
    assert all(emoji.shortcodes and emoji.name for emoji in every)
    assert all(unicodedata.is_normalized("NFC", spelling) for spelling in spellings)
