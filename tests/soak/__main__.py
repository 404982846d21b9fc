"""``python -m tests.soak [--hours 8] [--clients 500] [--returns 10] [--messages 2]``: exits 1 when something grew."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from tests.soak.day import Day


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--hours", type=float, default=8)
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--returns", type=float, default=10, help="clients that leave and come back, a second")
    parser.add_argument("--messages", type=float, default=2, help="messages a second")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        day = Day(Path(folder) / "data", clients=asked.clients, returns=asked.returns, messages=asked.messages)
        asyncio.run(day.lasts(asked.hours * 3600, say=lambda line: print(line, flush=True)))
    print(day)
    return 1 if day.findings else 0


if __name__ == "__main__":
    sys.exit(main())
