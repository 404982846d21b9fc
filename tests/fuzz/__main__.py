"""``python -m tests.fuzz [--seconds 600] [--seed N]``: exits 1 when it found something."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.fuzz.campaign import run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        report = asyncio.run(run(Path(folder) / "data", seed=asked.seed, seconds=asked.seconds))
    print(report)
    return 1 if report.findings else 0


if __name__ == "__main__":
    sys.exit(main())
