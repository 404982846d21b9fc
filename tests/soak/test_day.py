"""A few seconds of the long run with every run of the suite; ``make soak`` takes hours."""

from __future__ import annotations

from pathlib import Path

from tests.faults.line import Heard, Said
from tests.faults.recorder import Address
from tests.soak.day import Day, Resident, Sample, slope


async def test_a_short_day_finds_nothing_and_everything_was_heard(tmp_path: Path) -> None:
    day = Day(tmp_path / "data", clients=20, returns=10, messages=10)
    await day.lasts(3, say=lambda _line: None)
    assert day.findings == [], str(day)
    assert sum(person.connects for person in day.people) > 20
    assert sum(person.heard for person in day.people) > 0


def test_a_version_that_was_left_out_is_a_hole() -> None:
    person = Resident(Address(), "", "ada")
    for version in (1, 3, 4):
        person.hears(Said(event="messages", room="general", messages=(Heard(version, version),)))
    assert person.holes == 1


def test_growth_is_told_by_the_hour() -> None:
    assert round(slope([Sample(at, 90 + at / 1800, 20) for at in range(0, 7200, 60)]), 3) == 2
