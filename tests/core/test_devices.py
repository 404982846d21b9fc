"""A browser that an account knows: the mark is one person's, and nobody can make one."""

from __future__ import annotations

import pytest

from chatapp.core import devices

KEYS = ["k" * 43, "o" * 43]


def test_a_mark_is_known_to_its_person_only() -> None:
    mark = devices.issue(7, KEYS)
    assert devices.known(mark, 7, KEYS)
    assert devices.known(mark, 7, KEYS) != devices.known(devices.issue(7, KEYS), 7, KEYS)
    assert devices.known(mark, 77, KEYS) == devices.known(mark, 1, KEYS) == ""


def test_an_older_key_is_still_good_and_a_removed_one_not() -> None:
    mark = devices.issue(7, KEYS[1:])
    assert devices.known(mark, 7, KEYS)
    assert not devices.known(mark, 7, KEYS[:1])


@pytest.mark.parametrize(
    "mark", ["", "7", "7.", "7.x", "7.x.", "7.x.y", "é.x.y", "\ud800", "\x00", "7." * 99, "7.x." + "0" * 64, "x" * 9999]
)
def test_anything_else_is_no_mark(mark: str) -> None:
    assert devices.known(mark, 7, KEYS) == ""


def test_a_mark_moved_to_another_person_is_none() -> None:
    _, rest = devices.issue(7, KEYS).split(".", 1)
    assert devices.known(f"8.{rest}", 8, KEYS) == ""
