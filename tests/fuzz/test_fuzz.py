"""A few seconds of the fuzzer with every run of the suite; ``make fuzz`` takes ten minutes."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.campaign import run
from tests.fuzz.cases import ACTIONS, KINDS, ROUTES, case


async def test_a_few_hundred_cases_find_nothing(tmp_path: Path) -> None:
    report = await run(tmp_path / "data", seed=20, seconds=150, most=700)
    assert report.findings == [], str(report)
    assert sum(report.cases.values()) == 700


def test_the_same_seed_gives_the_same_cases() -> None:
    assert [case(1, number) for number in range(50)] == [case(1, number) for number in range(50)]
    assert case(1, 0) != case(2, 0)


def test_every_kind_every_route_and_every_action_comes_up() -> None:
    tried = [case(3, number) for number in range(12_000)]
    assert len({each.kind for each in tried}) == len(set(KINDS))
    sent = b"".join(each.data for each in tried if each.kind == "request")
    for _, path in ROUTES:
        assert path.partition("{")[0].encode() in sent
    assert len(ACTIONS) > 8
