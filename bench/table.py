"""Results as Markdown: each figure's minimum, median and maximum, and how many times better the first is."""

from __future__ import annotations

import platform
import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from chatapp.bench.result import Result
from chatapp.bench.scenarios.growth import SEARCHED

# By figure, in the order of the columns: whether more is better.
BETTER: Final[dict[str, bool | None]] = {
    "deliveries/s": True,
    "messages/s": True,
    "connections/s": True,
    "KiB/socket": False,
    "% of a core": False,
    "p50 ms": False,
    "p99 ms": False,
    "history page ms": False,
    "catch-up of 500 ms": False,
    "post ms": False,
    **dict.fromkeys(SEARCHED, False),
    "answer p50 ms": False,
    "answer p99 ms": False,
    "server µs/delivery": False,
    "server µs/message": False,
    "server ms/connection": False,
    "server share": None,
    "generator share": None,
    "others share": None,
}
Runs = dict[str, list[Result]]


def machine() -> str:
    """What the figures were measured on."""
    known = Path("/proc/cpuinfo").read_text()
    model = next((line.partition(":")[2].strip() for line in known.splitlines() if "model name" in line), "unknown")
    cores = known.count("processor\t")
    return (
        f"{model}, {cores} cores, Linux {platform.release()}, "
        f"{platform.python_implementation()} {platform.python_version()}"
    )


def table(scenario: str, runs: Runs) -> str:
    """One scenario: a row for each chat; the first is the one the others are compared with."""
    present = {name for results in runs.values() for result in results for name in result.figures}
    names = [name for name in BETTER if name in present]
    lines = [f"### {scenario}", "", _row(["", *names, "remarks"]), _row(["---"] * (len(names) + 2))]
    first = next(iter(runs))
    for label, results in runs.items():
        cells = [_cell(name, results, runs[first], is_first=label == first) for name in names]
        lines.append(_row([label, *cells, "; ".join(_remarks(results))]))
    return "\n".join([*lines, ""])


def _cell(name: str, results: Sequence[Result], first: Sequence[Result], *, is_first: bool) -> str:
    values = _values(name, results)
    if not values:
        return ""
    middle = statistics.median(values)
    if BETTER[name] is None:
        return number(middle)
    text = f"**{number(middle)}** ({number(min(values))}–{number(max(values))})"
    mine = _values(name, first)
    if is_first or not mine:
        return text
    own = statistics.median(mine)
    more, less = (own, middle) if BETTER[name] else (middle, own)
    return f"{text} {more / less:.2f} ×" if less else text


def _values(name: str, results: Iterable[Result]) -> list[float]:
    return [result.figures[name] for result in results if name in result.figures]


def _remarks(results: Iterable[Result]) -> list[str]:
    return sorted({remark for result in results for remark in result.remarks})


def number(value: float) -> str:
    """Three digits that count."""
    if value >= 100:
        return f"{round(value, 3 - len(str(int(value)))):,.0f}"
    return f"{value:.3g}"


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
