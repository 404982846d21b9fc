"""How large a file is, in words."""

from __future__ import annotations

import pytest

from chatapp.core.files import size


@pytest.mark.parametrize(
    ("number", "said"),
    [
        *((0, "0 B"), (999, "999 B"), (1023, "1023 B"), (1024, "1 KiB"), (1536, "1.5 KiB"), (10_188, "9.9 KiB")),
        *((10_189, "10 KiB"), (300_000, "293 KiB"), (1_048_575, "1 MiB"), (26_214_400, "25 MiB"), (2**50, "1024 TiB")),
    ],
)
def test_a_size_is_in_the_unit_in_which_limits_are_set(number: int, said: str) -> None:
    assert size(number) == said
