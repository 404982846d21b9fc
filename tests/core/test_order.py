"""How lists of names are sorted."""

from __future__ import annotations

import random

import pytest

from chatapp.core.searchable import in_order


@pytest.mark.parametrize(
    "names",
    [
        ["room 2", "Room 10", "room 100"],
        ["2", "10", "10 b", "a", "a1", "a 1"],
        ["v1.2.9", "v1.2.10", "v1.10", "v2"],
        ["Ärger", "Aristide", "Zoë"],
        ["éclair", "Eel", "zebra"],
        ["房间٢", "房间１０", "房间99"],
        ["", "0", "9" * 64],
    ],
)
def test_names_are_sorted_as_people_count_and_spell(names: list[str]) -> None:
    shuffled = random.sample(names, len(names))
    assert sorted(shuffled, key=in_order) == names
