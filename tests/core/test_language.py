"""Which language is spoken: chosen from what a browser likes, of one task and not of its neighbours."""

from __future__ import annotations

import asyncio

import pytest

from chatapp.core import hour_cycles, language, mail
from chatapp.core.language import N_, _, ngettext


@pytest.mark.parametrize(
    ("accepted", "tag"),
    [
        *(("", "en"), ("*", "en"), ("en", "en"), ("en-GB,en;q=0.9", "en"), ("de-DE,de;q=0.9", "en")),
        *(("zh", "zh-Hans"), ("zh-CN", "zh-Hans"), ("zh-SG", "zh-Hans"), ("ZH-cn", "zh-Hans"), ("zh-Hans", "zh-Hans")),
        *(("zh-Hans-CN", "zh-Hans"), ("zh-CN,zh;q=0.9,en-US;q=0.8,en;q=0.7", "zh-Hans"), ("cmn-Hans", "zh-Hans")),
        # As in Taiwan, Hong Kong and Macau: other letters. The plain "zh" that browsers add means the same.
        *(("zh-TW", "en"), ("zh-HK", "en"), ("zh-Hant-MO", "en"), ("zh-TW,zh;q=0.9,en-US;q=0.8", "en")),
        *(("zh-TW,zh-CN;q=0.5", "zh-Hans"), ("yue", "en"), ("zha", "en")),
        *(("de,zh;q=0.5,en;q=0.4", "zh-Hans"), ("zh;q=0.4, en;q=0.5", "en"), ("zh ; q=0.9 , en ; q=0.1", "zh-Hans")),
        *(
            ("zh;q=0,en", "en"),
            ("zh;q=0", "en"),
            ("zh;q=a,en;q=0.1", "en"),
            ("zh;q=nan,en", "en"),
            ("zh;q=inf", "zh-Hans"),
        ),
        *((";;;,,,", "en"), ("-,--,-zh", "en"), ("zh;level=1", "zh-Hans"), ("\x00zh", "en"), ("zh_CN", "en")),
        (",".join(["de"] * 5000 + ["zh"]), "en"),
        ("-".join(["zh"] * 20_000), "zh-Hans"),
    ],
)
def test_the_best_liked_language_that_we_have_is_spoken(accepted: str, tag: str) -> None:
    assert language.negotiated(accepted) == tag


def test_a_long_tag_takes_no_time() -> None:
    assert language.negotiated("-" * 60_000) == "en"
    assert language.negotiated("x-" * 30_000) == "en"


def test_english_is_spoken_where_nobody_asks() -> None:
    assert language.current() == "en"
    assert _("Today") == "Today"


def test_the_words_are_those_of_the_language() -> None:
    with language.speaking("zh-Hans"):
        assert _("Today") == "今天"
        assert [ngettext("{n} day ago", "{n} days ago", n) for n in (0, 1, 2)] == ["{n} 天前"] * 3
    assert [ngettext("{n} day ago", "{n} days ago", n) for n in (1, 2)] == ["{n} day ago", "{n} days ago"]


def test_what_is_in_no_catalogue_stays_as_it_is() -> None:
    with language.speaking("zh-Hans"):
        assert _("It is in no catalogue.") == "It is in no catalogue."


def test_nothing_is_not_the_head_of_the_catalogue() -> None:
    with language.speaking("zh-Hans"):
        assert _("") == ""


def test_a_marked_text_is_itself() -> None:
    with language.speaking("zh-Hans"):
        assert N_("Today") == "Today"
        assert _(N_("Today")) == "今天"


@pytest.mark.parametrize("tag", ["", "tlh", "zh_Hans", "../zh_Hans"])
def test_what_is_no_language_of_ours_changes_nothing(tag: str) -> None:
    with language.speaking("zh-Hans"), language.speaking(tag):
        assert language.current() == "zh-Hans"
    assert language.current() == "en"


async def test_one_task_does_not_speak_for_another() -> None:
    async def speak(tag: str) -> str:
        language.begin(tag)
        await asyncio.sleep(0)
        return await asyncio.create_task(said())

    async def said() -> str:
        return _("Today")

    assert await asyncio.gather(*(speak(tag) for tag in ("zh-Hans", "en") * 10)) == ["今天", "Today"] * 10


@pytest.mark.parametrize(("tag", "direction"), [("en", "ltr"), ("zh-Hans", "ltr"), ("ar", "rtl"), ("ar-XB", "rtl")])
def test_the_direction_is_that_of_the_language(tag: str, direction: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(language.LANGUAGES, tag, "")
    with language.speaking(tag):
        assert language.direction() == direction


def test_a_language_without_a_catalogue_is_a_fault_of_ours() -> None:
    with pytest.raises(FileNotFoundError):
        language.catalogue("tlh")


@pytest.mark.parametrize("letter", [mail.verification, mail.address_taken, mail.password_reset, mail.password_changed])
def test_a_mail_is_written_in_the_language_with_its_link_on_a_line_of_its_own(letter: object) -> None:
    assert callable(letter)
    with language.speaking("zh-Hans"):
        written = letter(to="lin@example.org", username="lin", chat="Chat", link="https://chat.example/x/1")
    assert "https://chat.example/x/1" in written.body.split("\n")
    assert "Chat" in written.subject
    assert any("\u4e00" <= letter <= "\u9fff" for letter in written.subject)


@pytest.mark.parametrize(
    ("accepted", "cycle"),
    [
        ("", "h23"),
        ("en-US,en;q=0.9", "h12"),
        ("en", "h12"),
        ("en-GB,en-US;q=0.9", "h23"),
        ("en-AU", "h12"),
        ("de", "h23"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "h23"),
        ("zh-Hans-CN", "h23"),
        ("zh-TW", "h12"),
        ("zh-Hant", "h12"),
        ("fr-CA", "h23"),
        ("en-CA", "h12"),
        ("es-419", "h12"),
        ("es-ES", "h23"),
        ("q=1;;;,\x00", "h23"),
        ("*", "h23"),
    ],
)
def test_the_hour_cycle_is_that_of_the_first_tag(accepted: str, cycle: str) -> None:
    assert hour_cycles.usual(accepted) == cycle
