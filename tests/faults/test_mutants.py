"""The wrong builds fit the present code, so that ``make mutants`` means something whenever it is run."""

from __future__ import annotations

from typing import Final

import pytest

from tests.faults.mutants import ROOT, Mutant, applies, mutants

ALL: Final = mutants()


def test_there_are_ten() -> None:
    assert [mutant.name[:2] for mutant in ALL] == [f"{number:02}" for number in range(1, 11)]


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: mutant.name)
def test_a_mutant_applies_and_names_a_test_that_exists(mutant: Mutant) -> None:
    assert applies(mutant, ROOT) == ""
    file, _, name = mutant.test.partition("::")
    assert f"def {name}(" in (ROOT / file).read_text()
