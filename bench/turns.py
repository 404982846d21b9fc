"""``chatapp serve`` that measures itself: how long the turns of its event loop take, and where the time goes.

Not part of any comparison, since looking costs: ``python -m bench.turns --help``.
"""

from __future__ import annotations

import asyncio
import atexit
import cProfile
import os
import pstats
import selectors
import time
from pathlib import Path
from typing import Any, Final

from chatapp import logs
from chatapp.bench.histogram import Histogram
from chatapp.cli.turns import ShortTurns
from chatapp.serving import serving, stop_asked
from chatapp.settings import Settings

REPORT: Final = "BENCH_REPORT"
PROFILE: Final = "BENCH_PROFILE"
LINES: Final = 40


class Watched(ShortTurns):
    """Between two waits for the network lies one turn of the loop."""

    def __init__(self) -> None:
        super().__init__()
        self.begin()

    def begin(self) -> None:
        """From now on: the start is one long turn, in which nobody waits."""
        self.turns = Histogram()
        # The same without the time in which others had the core.
        self.work = Histogram()
        self._woken = self._worked = 0.0
        self._is_over = False

    def end(self) -> None:
        """From now on nothing counts: in the end all sockets are closed at once, and nobody waits any more."""
        self._is_over = True

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self._woken and not self._is_over:
            self.turns.add(round(1e6 * (time.perf_counter() - self._woken)))
            self.work.add(round(1e6 * (time.thread_time() - self._worked)))
        try:
            return super().select(timeout)
        finally:
            self._woken, self._worked = time.perf_counter(), time.thread_time()


def main() -> None:
    """Serve, and at the end write to the file in ``BENCH_REPORT``; with ``BENCH_PROFILE`` also a profile."""
    watched, profile = Watched(), _profile()
    settings = Settings.from_env(os.environ)
    atexit.register(_write, watched, profile)
    with asyncio.Runner(loop_factory=lambda: asyncio.SelectorEventLoop(watched)) as runner:
        runner.run(_serve(settings, watched, profile))


async def _serve(settings: Settings, watched: Watched, profile: cProfile.Profile | None) -> None:
    """As ``chatapp.serving.serve`` does."""
    logs.set_up(settings)
    async with serving(settings) as greeting:
        stop = stop_asked()
        watched.begin()
        if profile:
            profile.enable()
        print(greeting, flush=True)
        await stop.wait()
        watched.end()


def _profile() -> cProfile.Profile | None:
    # By the CPU's clock: on a busy machine the other would tell who was interrupted.
    return cProfile.Profile(time.thread_time) if os.environ.get(PROFILE) else None


def _write(watched: Watched, profile: cProfile.Profile | None) -> None:
    with Path(os.environ[REPORT]).open("w") as report:
        report.write(f"{watched.turns.count} turns of the event loop\n")
        for name, turns in (("by the clock", watched.turns), ("of CPU", watched.work)):
            shares = ", ".join(f"p{100 * share:g} {turns.at(share):.2f} ms" for share in (0.5, 0.99, 0.999))
            report.write(f"  {name}: {shares}, longest {turns.most / 1000:.2f} ms\n")
        if profile:
            profile.disable()
            statistics: Any = pstats.Stats(profile, stream=report)
            statistics.sort_stats("tottime").print_stats(LINES)


if __name__ == "__main__":
    main()
