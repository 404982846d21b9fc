"""Initials and hues, which the page's scripts must count the same way."""

from __future__ import annotations

import pytest

from chatapp.web.marks import hue, initials


@pytest.mark.parametrize(
    ("name", "drawn"),
    [
        ("Ada Okafor", "AO"),
        ("ada", "A"),
        ("grace.m.hopper", "GM"),
        ("李 雷", "李雷"),
        ("🦊 fox", "🦊F"),
        ("  ", ""),
        ("-", ""),
    ],
)
def test_initials_are_the_first_signs_of_two_parts(name: str, drawn: str) -> None:
    assert initials(name) == drawn


def test_a_hue_follows_from_the_username() -> None:
    assert hue("ada") == (97 + 100 + 97) % 12
