"""Names in a message: which are meant, and which only look so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatapp.core.models import mentioned
from chatapp.core.text import Names, named, render
from chatapp.core.text.mentions import MOST_NAMES
from tests.support.drawn import Drawn

PEOPLE = frozenset({"ada", "ada.", "grace.h", "x-", "room", "room.", "here"})
ROOMS = frozenset({"general", "ops-2"})


def drawn(content: str) -> str:
    found = named(content)
    return render(content, Names(found.usernames & PEOPLE, found.slugs & ROOMS))


@pytest.mark.parametrize(
    ("content", "who"),
    [
        ("@ada", ["ada"]),
        ("你好@ada你好", ["ada"]),
        ("é@ada", []),
        ("hi @ada.", ["ada"]),
        ("hi @ADA, hi @ada!", ["ada"]),
        ('(@ada) "@grace.h": @x-', ["ada", "grace.h", "x-"]),
        ("@grace.h. And", ["grace.h"]),
        ("_@ada_ **@ada** ~~@ada~~", ["ada"]),
        ("@ada's", ["ada"]),
        ("> @ada\n- @grace.h", ["ada", "grace.h"]),
        ("@room and @here", ["@room", "@here"]),
        ("@room.", ["@room"]),
        ("مرحبا @ada", ["ada"]),
        ("[see @ada](https://a.b)", ["ada"]),
    ],
    ids=str,
)
def test_who_is_meant(content: str, who: list[str]) -> None:
    html = drawn(content)
    assert list(mentioned(html)) == who
    assert Drawn(html).wrong == []


@pytest.mark.parametrize(
    "content",
    [
        *(
            "@nobody",
            "ada",
            "@ adam",
            "@adam",
            "ada@ada.org",
            "mail@ada",
            "@ada@example.org",
            "`@ada`",
            "```\n@ada\n```",
            "\\@ada",
        ),
        *(
            "https://example.org/@ada",
            "https://example.org/?q=@ada",
            "mailto:x@ada.org",
            "example.org/@ada",
            "@@ada",
            "@",
            "[x](https://a.b/@ada)",
        ),
        '<bdi class="mention" data-mention="ada">@nobody</bdi>',
    ],
    ids=str,
)
def test_nobody_is_meant(content: str) -> None:
    assert mentioned(drawn(content)) == ()


def test_a_name_is_isolated_from_the_script_around_it() -> None:
    assert drawn("@Ada مرحبا") == '<bdi class="mention" data-mention="ada">@ada</bdi> مرحبا'


@pytest.mark.parametrize("content", ["#general", "see #ops-2.", "**#GENERAL**"])
def test_a_known_room_is_a_link(content: str) -> None:
    (link,) = Drawn(drawn(content)).links
    assert link["href"] in {"/rooms/general", "/rooms/ops-2"}


@pytest.mark.parametrize(
    "content", ["#secret", "a#general", "`#general`", "https://a.b/#general", "##general", "&#35;", "#1"]
)
def test_all_else_is_not(content: str) -> None:
    assert 'href="/rooms' not in drawn(content)


def test_a_room_within_a_link_is_no_link() -> None:
    assert len(Drawn(drawn("[to #general](https://a.b)")).links) == 1


def test_without_names_nothing_is_asked() -> None:
    assert named("hello, world: 100% *sure*").usernames == frozenset()


def test_of_very_many_names_the_first_are_looked_up() -> None:
    assert len(named(" ".join(f"@user{n}" for n in range(3 * MOST_NAMES))).usernames) == MOST_NAMES


@given(
    st.lists(
        st.sampled_from(
            [
                "@ada",
                "@",
                "#general",
                "#",
                "ada",
                "room",
                ".",
                "_",
                "*",
                "`",
                " ",
                "\n",
                "https://a.b",
                "[",
                "](https://a.b)",
                "<",
                '"',
                "-",
            ]
        ),
        max_size=20,
    ).map("".join)
)
def test_who_is_named_was_looked_up(content: str) -> None:
    html = drawn(content)
    assert Drawn(html).wrong == []
    assert set(mentioned(html)) <= {"ada", "@room", "@here"}
