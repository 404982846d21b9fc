"""The arithmetic between what was measured and what is said about it."""

from __future__ import annotations

import pytest

from bench.table import number, table
from chatapp.bench import frames, marks
from chatapp.bench.capacity import Capacity
from chatapp.bench.histogram import Histogram
from chatapp.bench.marks import MARK, Faults, Mark
from chatapp.bench.result import Result


def histogram(*values: int) -> Histogram:
    found = Histogram()
    for value in values:
        found.add(value)
    return found


@pytest.mark.parametrize("value", [0, 1, 31, 32, 63, 64, 65, 1000, 12_345, 999_999, 60_000_000])
def test_a_value_comes_back_with_three_percent_of_precision(value: int) -> None:
    alone = histogram(value, 10**9)
    assert value <= alone.at(0.5) * 1000 <= value + value / 32


def test_percentiles_are_what_that_share_does_not_exceed() -> None:
    hundred = histogram(*(1000 * number for number in range(1, 101)))
    for share, exact in ((0.01, 1), (0.5, 50), (0.99, 99), (1, 100)):
        assert exact <= hundred.at(share) <= exact * 33 / 32
    assert (hundred.count, hundred.most) == (100, 100_000)


def test_no_values_have_no_percentile() -> None:
    assert histogram().at(0.99) == 0


def test_no_bucket_has_a_hole_or_an_overlap_to_the_next() -> None:
    tops = [round(histogram(value, 10**6).at(0.5) * 1000) for value in range(5000)]
    assert tops == sorted(tops)
    assert all(tops[top] == top for top in tops if top < len(tops))


def test_a_mark_is_read_as_it_was_written() -> None:
    mark = Mark(7, 4999, 12_345_678, 60_000_000)
    text = marks.content(mark)
    assert len(text) == marks.LENGTH
    assert [marks.read(found) for found in MARK.findall(text + text)] == [mark, mark]


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_frame_is_found_whole_or_not_at_all(size: int) -> None:
    head = {True: bytes((0x81, size & 0x7F)), False: b"\x81\x7e" + (size & 0xFFFF).to_bytes(2, "big")}[size < 126]
    data = (b"\x81\x7f" + size.to_bytes(8, "big") if size > 65_535 else head) + b"x" * size
    assert [each.stop - each.start for each in frames.whole(data + data)] == [size, size]
    for cut in {0, 1, 2, 3, len(data) - 1} & set(range(len(data))):
        assert list(frames.whole(data[:cut])) == []


def test_messages_of_an_earlier_run_are_doubles() -> None:
    assert marks.compare([Mark(1, 0, 1, 0), Mark(2, 0, 1, 0)], {0: 1}, run=2) == Faults(doubled=1)


@pytest.mark.parametrize(
    ("generator", "server", "is_bound"), [(0.95, 0.5, True), (0.95, 0.99, False), (0.5, 0.4, False)]
)
def test_who_was_the_bottleneck_is_said(generator: float, server: float, is_bound: bool) -> None:
    result = Result("fan-out", {"generator share": generator, "server share": server})
    assert ("generator-bound" in result.remarks) is is_bound


@pytest.mark.parametrize(("others", "is_disturbed"), [(0.1, False), (0.2, True)])
def test_a_machine_that_was_busy_otherwise_is_told(others: float, is_disturbed: bool) -> None:
    assert ("disturbed" in Result("fan-out", {"others share": others}).remarks) is is_disturbed


def test_a_run_with_faults_is_invalid_and_says_which() -> None:
    result = Result("fan-out", faults=Faults(lost=2, doubled=1), short_histories=3)
    assert not result.is_valid
    assert result.remarks == ["INVALID: lost 2, doubled 1", "INVALID: 3 histories without their 50 messages"]


def test_a_ratio_over_one_means_that_ours_is_better() -> None:
    runs = {
        "chatapp": [Result("", {"messages/s": rate, "p99 ms": 10}) for rate in (900, 3000, 1000)],
        "other": [Result("", {"messages/s": 500, "p99 ms": 25}, Faults(lost=1))],
    }
    ours, other = table("ingest", runs).splitlines()[4:]
    assert ours == "| chatapp | **1,000** (900–3,000) | **10** (10–10) |  |"
    assert other == "| other | **500** (500–500) 2.00 × | **25** (25–25) 2.50 × | INVALID: lost 1 |"


def test_three_digits_count() -> None:
    assert [number(value) for value in (1234567, 100, 12.345, 0.01234)] == ["1,230,000", "100", "12.3", "0.0123"]


def test_a_machine_too_slow_for_anything_is_told_so() -> None:
    first = Capacity(1000, rate=0).sentences()[0]
    assert "not even 10 messages/s reach all of them within 200 ms" in first
