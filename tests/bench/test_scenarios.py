"""Each scenario in its smallest size, against a real chatapp in a process of its own."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from chatapp.bench import capacity, server
from chatapp.bench.crowd import Crowd, Seat
from chatapp.bench.dialects import Chatapp
from chatapp.bench.errors import Unable
from chatapp.bench.result import Result
from chatapp.bench.scenarios import fan_out, growth, idle, ingest, storm
from chatapp.bench.scenarios.growth import Grown
from chatapp.bench.server import Server
from chatapp.cli import furnish
from chatapp.cli.furnish import Furnished

PEOPLE = 20


class Place(NamedTuple):
    """A server and those who may come."""

    server: Server
    furnished: Furnished

    @property
    def large(self) -> list[Seat]:
        return [Seat(token, furnish.EVERYONE) for token in self.furnished.tokens]

    @property
    def small(self) -> list[Seat]:
        return [Seat(token, room) for room, tokens in self.furnished.rooms.items() for token in tokens]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    data = tmp_path_factory.mktemp("bench") / "data"
    made = asyncio.run(furnish.furnish(data, people=PEOPLE, rooms=2, members=5))
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CHATAPP_")}
    with server.chatapp({**environ, **furnish.environment_for(data)}) as running:
        yield Place(running, made)


def measured(place: Place, scenario: Callable[[Crowd, Server], Result]) -> Result:
    with Crowd(place.server.address, Chatapp()) as crowd:
        result = scenario(crowd, place.server)
    # Whether other tests run beside it is not the scenario's affair.
    assert set(result.remarks) <= {"disturbed", "generator-bound"}
    assert result.is_valid
    return result


def test_fan_out_flat_out(place: Place) -> None:
    found = measured(place, lambda crowd, running: fan_out.flat_out(crowd, running, place.large, 0.3))
    assert found.figures["deliveries/s"] == pytest.approx(PEOPLE * found.figures["messages/s"])
    assert found.figures["messages/s"] > 0


def test_fan_out_at_a_steady_rate(place: Place) -> None:
    found = measured(place, lambda crowd, running: fan_out.steady(crowd, running, place.large, 0.3, rate=50))
    assert 0 < found.figures["p50 ms"] <= found.figures["p99 ms"] <= found.figures["worst ms"] * 1.04


def test_ingest(place: Place) -> None:
    found = measured(place, lambda crowd, running: ingest.flat_out(crowd, running, place.small, 0.3))
    assert found.scenario == "ingest, 2 rooms × 5"
    assert 0 < found.figures["answer p50 ms"] <= found.figures["answer p99 ms"]


def test_connect_storm(place: Place) -> None:
    found = measured(place, lambda crowd, running: storm.connect(crowd, running, place.large))
    assert found.figures["connections/s"] > 0


def test_idle(place: Place) -> None:
    found = measured(place, lambda crowd, running: idle.rest(crowd, running, place.large, 0.2))
    assert {"KiB/socket", "% of a core"} <= found.figures.keys()


def test_growth(place: Place) -> None:
    grown = Grown(place.server, place.furnished.tokens[0], furnish.EVERYONE)
    (found,) = growth.compare([grown], rounds=3)
    assert all(0 < milliseconds < 30_000 for milliseconds in found.figures.values())
    assert set(found.figures) == {"history page ms", "catch-up of 500 ms", "post ms", *growth.SEARCHED}


def test_the_server_is_told_apart_from_the_generator(place: Place) -> None:
    with server.apart():
        mine, its = os.sched_getaffinity(0), os.sched_getaffinity(place.server.pid)
    assert len(its) == 1
    assert (mine == its) is (len(server.CORES) == 1)
    assert os.sched_getaffinity(0) == set(server.CORES)


def test_what_the_server_uses_is_read_from_the_system(place: Place) -> None:
    before = place.server.cpu_seconds()
    # The system counts in hundredths, and a small storm may take less than one.
    for _ in range(50):
        measured(place, lambda crowd, running: storm.connect(crowd, running, place.large))
        if place.server.cpu_seconds() > before:
            break
    assert place.server.cpu_seconds() > before > 0
    assert 10_000 < place.server.memory_kib() < 1_000_000


def test_a_machine_that_has_no_time_left_is_measured_all_the_same(tmp_path: Path) -> None:
    made = asyncio.run(furnish.furnish(tmp_path / "data", people=PEOPLE, rooms=2, members=5))
    crowd = [Seat(token, furnish.EVERYONE) for token in made.tokens]
    groups = [Seat(token, room) for room, tokens in made.rooms.items() for token in tokens]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("CHATAPP_")}
    environ |= furnish.environment_for(tmp_path / "data")
    found = capacity.measure(environ, crowd, groups, -1, lambda _: None)
    assert not found.faults
    # What was not delivered came after no time at all.
    assert found.stored > 0
    assert found.rate == 0 or found.p99_ms > 0


def test_a_server_that_does_not_start_is_told_with_its_last_words(tmp_path: Path) -> None:
    environ = {**os.environ, "CHATAPP_DATA": str(tmp_path), "CHATAPP_PROT": "1"}
    with pytest.raises(Unable, match="did not say where it listens"), server.chatapp(environ, tmp_path / "log"):
        raise AssertionError("It cannot run with a setting that does not exist.")
    assert "CHATAPP_PROT" in (tmp_path / "log").read_text()
