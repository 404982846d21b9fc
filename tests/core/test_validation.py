"""What people may call themselves and their rooms."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatapp.core import validation
from chatapp.core.errors import Invalid

UNPRINTABLE = ["a\u202eb", "a\u2066b", "a\u200fb", "a\x00b", "a\nb", "a\x1bb", "a\ud800b", "a\u2028b"]
BLANK = ["", "   ", "\u200b", "\u200d\u200c", "\u3164", "\u2800", "\u00ad"]


@pytest.mark.parametrize("name", ["ada", "a1", "0x", "ada.lovelace", "a_b-c", "a" * 32])
def test_a_username_is_plain(name: str) -> None:
    assert validation.username(name) == name


def test_usernames_are_the_same_without_regard_to_case() -> None:
    assert validation.username("  Ada ") == "ada"


@pytest.mark.parametrize(
    "name",
    [
        "",
        "a",
        "a" * 33,
        ".ada",
        "-ada",
        "_ada",
        "ada lovelace",
        "ada@home",
        "a\nda",
        "аdа",
        "ａｄａ",
        "ad\u212a",
        "ada\u200b",
        "room",
        "Here",
        "me",
    ],
)
def test_what_could_be_mistaken_for_another_username_is_refused(name: str) -> None:
    with pytest.raises(Invalid) as refusal:
        validation.username(name)
    assert [error.field for error in refusal.value.errors] == ["username"]


@pytest.mark.parametrize(
    "name", ["Ada Lovelace", "李白", "عائشة", "Ада", "👩‍💻 Ada", "O'Brien", "x" * 64, "<b>Ada</b>"]
)
def test_any_script_is_welcome_in_a_display_name(name: str) -> None:
    assert validation.display_name(f" {name} ") == name


@pytest.mark.parametrize("name", [*UNPRINTABLE, *BLANK, "x" * 65])
def test_a_name_that_cannot_be_read_is_refused(name: str) -> None:
    for check, field in ((validation.display_name, "display_name"), (validation.room_name, "name")):
        with pytest.raises(Invalid) as refusal:
            check(name)
        assert [error.field for error in refusal.value.errors] == [field]


def test_one_name_in_two_encodings_is_one_name() -> None:
    assert validation.display_name("Zoe\u0308") == "Zo\u00eb"


@pytest.mark.parametrize("address", ["ada@example.org", "a.b+c@sub.example.co", "root@localhost", "o'b@x.io"])
def test_an_address_is_taken_in_lower_case(address: str) -> None:
    assert validation.email(address.upper()) == address


@pytest.mark.parametrize(
    "address",
    [
        *("", "ada", "@example.org", "ada@", "a@b@c", "ada@ex ample.org", "ada@example..org", ".ada@example.org"),
        *("ada@-example.org", "ada@example.org\nBcc: eve@evil.example", "ada@example.org, eve@evil.example"),
        *("Ada <ada@example.org>", "\u212ada@example.org", "ada@example.org\x00", "x" * 65 + "@example.org"),
        "ada@" + "a" * 60 + ".b" * 100,
    ],
)
def test_what_is_no_single_address_is_refused(address: str) -> None:
    with pytest.raises(Invalid) as refusal:
        validation.email(address)
    assert [error.field for error in refusal.value.errors] == ["email"]


@pytest.mark.parametrize("slug", ["general", "a", "0", "team-7", "x" * 64])
def test_a_slug_is_plain(slug: str) -> None:
    assert validation.slug(slug) == slug


@pytest.mark.parametrize("slug", ["", "x" * 65, "a b", "a/b", "-a", "ünï", "dm-1-2", "new", "a\nb", "..", "\u212a"])
def test_a_slug_that_no_address_can_hold_is_refused(slug: str) -> None:
    with pytest.raises(Invalid):
        validation.slug(slug)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Design", "design"),
        ("R & D", "r-d"),
        ("Café Ünique", "cafe-unique"),
        ("DM 1", "room-dm-1"),
        ("New", "room-new"),
    ],
)
def test_a_slug_is_made_from_the_name(name: str, slug: str) -> None:
    assert validation.derive_slug(name) == slug


@settings(deadline=None)
@given(st.text())
def test_every_name_gives_a_valid_slug_and_always_the_same(name: str) -> None:
    slug = validation.derive_slug(name)
    assert validation.slug(slug) == slug == validation.derive_slug(name)


def test_a_name_without_latin_letters_still_gives_a_slug_of_its_own() -> None:
    assert re.fullmatch(r"room-[0-9a-f]{8}", validation.derive_slug("设计"))
    assert validation.derive_slug("设计") != validation.derive_slug("開発")


def test_a_topic_is_one_line_and_may_be_empty() -> None:
    assert validation.topic(" all\n  about it ") == "all about it"
    assert validation.topic("") == ""


@pytest.mark.parametrize("topic", ["x" * 251, "a\u202eb", "\x00"])
def test_a_topic_that_is_too_long_or_turns_its_neighbours_around_is_refused(topic: str) -> None:
    with pytest.raises(Invalid):
        validation.topic(topic)


def test_a_time_zone_is_one_that_exists() -> None:
    assert validation.time_zone("Europe/Berlin") == "Europe/Berlin"
    assert validation.time_zone("") == ""
    for unknown in ("Mars/Base", "../../etc/passwd", "\x00"):
        with pytest.raises(Invalid):
            validation.time_zone(unknown)


def test_a_theme_is_one_of_three() -> None:
    assert validation.theme("dark") == "dark"
    with pytest.raises(Invalid):
        validation.theme("pink")


def test_a_density_is_one_of_two() -> None:
    assert validation.density("compact") == "compact"
    for unknown in ("", "Compact", "1px"):
        with pytest.raises(Invalid):
            validation.density(unknown)


def test_several_refusals_come_together() -> None:
    with pytest.raises(Invalid) as refusal:
        validation.together(
            username=lambda: validation.username("?"),
            email=lambda: validation.email("ada@example.org"),
            display_name=lambda: validation.display_name(""),
        )
    assert [error.field for error in refusal.value.errors] == ["username", "display_name"]


@settings(deadline=None)
@given(st.text())
def test_any_text_gives_a_clean_value_or_a_refusal(text: str) -> None:
    checks = (validation.username, validation.display_name, validation.email, validation.slug, validation.topic)
    for check in checks:
        with suppress(Invalid):
            clean = check(text)
            assert check(clean) == clean
