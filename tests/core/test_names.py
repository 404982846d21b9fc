"""What a name may look like: every script and picture, but nothing that turns, hides, piles up or poses."""

from __future__ import annotations

import pytest

from chatapp.core import validation
from chatapp.core.errors import Invalid
from chatapp.core.names import is_misleading
from tests.support.injections import INJECTIONS

FINE = [
    *("Ada Okafor", "林晓", "Ω", "Zoë", "O’Brien", "عائشة", "می\u200cخواهم", "क\u094d\u200dष", "नमस्ते", "ไม่", "שָׁלוֹם"),
    *(
        "👩\u200d💻 Ada",
        "👨\u200d👩\u200d👧\u200d👦",
        "❤\ufe0f",
        "1\ufe0f\u20e3",
        "🏴\U000e0067\U000e0062\U000e0065\U000e007f",
        "🏳\ufe0f\u200d🌈",
        "葛\U000e0100",
    ),
]
MISLEADING = [
    *(
        "a\u202eda",
        "\u2066ada",
        "ada\u200f",
        "ad\u200ba",
        "ad\u200da",
        "ad\u200ca",
        "ada\u200d",
        "ada\u2060",
        "\ufeffada",
        "a\xadda",
    ),
    *(
        "a\u034fda",
        "ada\u3164",
        "ada\u115f",
        "ada\u2800",
        "ada\ufe0f",
        "ada\U000e0061",
        "👩\U000e0061",
        "a\u180eda",
        "a\u17b4da",
    ),
    *(
        "\u0301ada",
        "ada \u0301",
        "a" + "\u0301" * 6,
        "a\x00",
        "a\x1b[0m",
        "a\x85b",
        "a\u2028b",
        "\ud800",
        "😀" + "\u20dd" * 5,
    ),
]


@pytest.mark.parametrize("name", FINE, ids=ascii)
def test_every_script_and_picture_is_welcome(name: str) -> None:
    assert not is_misleading(name)
    assert validation.room_name(name) == name


@pytest.mark.parametrize("name", MISLEADING, ids=ascii)
def test_what_cannot_be_seen_or_covers_its_neighbours_is_refused(name: str) -> None:
    assert is_misleading(name)
    for check in (validation.display_name, validation.room_name, validation.token_name):
        with pytest.raises(Invalid):
            check(name)


@pytest.mark.parametrize("topic", [name for name in MISLEADING if len(name.split()) == 1], ids=ascii)
def test_a_topic_is_no_better_place_for_it(topic: str) -> None:
    with pytest.raises(Invalid):
        validation.topic(topic)


@pytest.mark.parametrize(
    "name", ["𝐀𝐝𝐚 𝐎𝐤𝐚𝐟𝐨𝐫", "Ａｄａ　Ｏｋａｆｏｒ", "𝕬𝖉𝖆 𝓞𝓴𝓪𝓯𝓸𝓻", "Ada   Okafor", "Ada\u00a0Okafor", "Ⓐⓓⓐ Okafor"]
)
def test_a_name_in_disguise_becomes_the_plain_one(name: str) -> None:
    assert validation.display_name(name) == "Ada Okafor"


def test_whatever_means_harm_names_nobody() -> None:
    """Usernames and addresses are the only names that go into mails, log lines and links."""
    for text in INJECTIONS:
        for check, allowed in ((validation.username, "._-"), (validation.slug, "-")):
            try:
                clean = check(text)
            except Invalid:
                continue
            assert clean.isascii()
            assert all(character.isalnum() or character in allowed for character in clean)


def test_whatever_means_harm_is_no_address_with_more_in_it() -> None:
    for text in INJECTIONS:
        for address in (text, f"{text}@example.org", f"ada@{text}", f"ada@example.org{text}"):
            try:
                clean = validation.email(address)
            except Invalid:
                continue
            assert clean.isascii()
            assert not set(clean) & set('<>()[],;:\\" \r\n\t\x00')
