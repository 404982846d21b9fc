"""One run of the fuzzer: cases until the time is over, each finding made small, and the server's health at the end."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.fuzz.cases import Case, case
from tests.fuzz.target import Figures, Target
from tests.support.server import Server

WARM_UP: Final = 300
TOGETHER: Final = 40
SIGN_IN_EVERY: Final = 200
MOST_FINDINGS: Final = 10
SHRINKS: Final = 80
MORE_RSS_KIB: Final = 96 * 1024
MORE_DESCRIPTORS: Final = 10


@dataclass
class Report:
    """``figures`` are the server's after warming up and at the end."""

    seed: int
    cases: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    figures: list[Figures] = field(default_factory=list)
    seconds: float = 0

    def __str__(self) -> str:
        total = sum(self.cases.values())
        rate = total / max(self.seconds, 0.001)
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.cases.items()))
        lines = [f"seed {self.seed}: {total} cases in {self.seconds:.0f} s, {rate:.0f} a second ({kinds})"]
        lines += [f"after warming up and at the end: {' -> '.join(map(str, self.figures))}"]
        return "\n".join([*lines, *self.findings, f"{len(self.findings)} findings"])


async def run(data: Path, *, seed: int, seconds: float = 600, most: int = 10**9) -> Report:
    """Until ``seconds`` have passed or ``most`` cases were tried."""
    report = Report(seed)
    server = Server(data, LIMITS="off")
    target = Target(server)
    try:
        await target.begins()
        began = time.monotonic()
        number = 0
        while time.monotonic() - began < seconds and number < most and len(report.findings) < MOST_FINDINGS:
            await _try(target, report, range(number, min(number + TOGETHER, most)))
            number += TOGETHER
            if not report.figures and number >= min(WARM_UP, most // 2):
                report.figures.append(target.figures())
        report.seconds = time.monotonic() - began
        await _judge(target, report)
        report.findings += [] if await server.stop() == 0 else ["the server did not stop with 0"]
        await server.run("audit")
    except (AssertionError, OSError, TimeoutError, KeyError, ValueError) as error:
        report.findings.append(f"the server is not well: {error!r}"[:2000])
    finally:
        await server.kill()
    return report


async def _try(target: Target, report: Report, numbers: range) -> None:
    """Several at once; where something went wrong each of them again, by itself."""
    cases = {number: case(report.seed, number) for number in numbers}
    report.cases.update(tried.kind for tried in cases.values())
    found = await asyncio.gather(*map(target.answers, cases.values()))
    said = target.said()
    if said or any(found):
        await _look_closer(target, report, cases, said or next(filter(None, found)))
    if target.is_out or numbers.start % SIGN_IN_EVERY < TOGETHER:
        await target.signs_in()
        assert await target.is_well()


async def _look_closer(target: Target, report: Report, cases: dict[int, Case], together: str) -> None:
    before = len(report.findings)
    for number, tried in cases.items():
        found = await target.survives(tried)
        if found:
            small = await _smallest(target, tried, found)
            report.findings.append(f"case {number}, {tried.kind} {tried.door}: {found}\n    {small.data[:600]!r}")
    if len(report.findings) == before:
        report.findings.append(f"cases {[*cases]}, only when together: {together}")


async def _smallest(target: Target, tried: Case, found: str) -> Case:
    """The same finding with less: pieces are left out, large ones first."""
    size, left = len(tried.data) // 2, SHRINKS
    while size and left:
        for start in range(0, len(tried.data), size):
            smaller = tried._replace(data=tried.data[:start] + tried.data[start + size :])
            left -= 1
            if (await target.survives(smaller))[:12] == found[:12]:
                tried = smaller
                break
            if not left:
                break
        else:
            size //= 2
    return tried


async def _judge(target: Target, report: Report) -> None:
    assert await target.is_well()
    before, after = (report.figures or [target.figures()])[0], target.figures()
    report.figures.append(after)
    if after.rss > before.rss + MORE_RSS_KIB:
        report.findings.append(f"memory grew by {(after.rss - before.rss) // 1024} MiB")
    if after.descriptors > before.descriptors + MORE_DESCRIPTORS:
        report.findings.append(f"{after.descriptors - before.descriptors} descriptors were not given back")
    if after.threads > before.threads + 2:
        report.findings.append(f"{after.threads - before.threads} threads more")
