"""``make mutants``: build each wrong one, run the test that must notice, say which did."""

from __future__ import annotations

import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Final

from tests.faults.mutants import copied, mutants, run, survives

AT_ONCE: Final = 2


def main() -> int:
    """0 when every mutant is caught by the test that it names."""
    caught, everyone = 0, mutants()
    with tempfile.TemporaryDirectory() as folder:
        code, output = run(copied(Path(folder) / "as-it-is"), *sorted({mutant.test for mutant in everyone}))
        if code:
            print(output, "\nThe tests fail without any mutant.")
            return 1
        with ThreadPoolExecutor(AT_ONCE) as builders:
            for mutant, is_alive in zip(everyone, builders.map(survives, everyone, repeat(Path(folder))), strict=True):
                caught += not is_alive
                print(f"{mutant.name:40} {'SURVIVED ' if is_alive else 'caught by'} {mutant.test}", flush=True)
    print(f"{caught} of {len(everyone)} caught")
    return 0 if caught == len(everyone) else 1


if __name__ == "__main__":
    sys.exit(main())
