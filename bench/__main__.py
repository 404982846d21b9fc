"""``make bench``: every chat in turn, several times over, and a table at the end."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import click

from bench import grown
from bench.peers import CHATAPP, FLOOR, PEERS, House, Peer
from bench.table import Runs, machine, table
from bench.turns import PROFILE, REPORT
from chatapp import logs
from chatapp.bench import server
from chatapp.bench.crowd import Crowd, Seat
from chatapp.bench.errors import Refused
from chatapp.bench.marks import Faults
from chatapp.bench.result import DISTURBED, Result
from chatapp.bench.scenarios import fan_out, idle, ingest, storm
from chatapp.bench.server import Server
from chatapp.cli import furnish
from chatapp.cli.furnish import Furnished

CACHE: Final = Path.home() / ".cache" / "chatapp-bench"
SECONDS: Final = 5.0
IDLE_SECONDS: Final = 60.0
PEOPLE: Final = 2000
ROOMS: Final = 100
GROWTH: Final = {"growth": grown.on_sqlite, "growth-postgres": grown.on_postgres}

Run = Callable[[Crowd, Server, "Guests", float], Result]


class Guests(NamedTuple):
    """Who can be seated, in one large room or in many small ones."""

    furnished: Furnished

    def in_one_room(self, count: int) -> list[Seat]:
        tokens = self.furnished.tokens
        return [Seat(tokens[number % len(tokens)], furnish.EVERYONE) for number in range(count)]

    def in_many_rooms(self) -> list[Seat]:
        return [Seat(token, room) for room, tokens in self.furnished.rooms.items() for token in tokens]


class Scenario(NamedTuple):
    """``sockets`` it needs, how it runs, and who takes part besides chatapp."""

    sockets: int
    run: Run
    peers: Sequence[Peer] = (*PEERS, FLOOR)


def _fan_out(count: int, rate: float = 0) -> Scenario:
    def run(crowd: Crowd, running: Server, guests: Guests, seconds: float) -> Result:
        seats = guests.in_one_room(count)
        if rate:
            return fan_out.steady(crowd, running, seats, seconds, rate)
        return fan_out.flat_out(crowd, running, seats, seconds)

    return Scenario(count, run)


def _without_fsync() -> list[Peer]:
    return [Peer(peer.name, peer.script, peer.dialect, "normal") for peer in PEERS]


SCENARIOS: Final = {
    "fan-out-100": _fan_out(100),
    "fan-out-1000": _fan_out(1000),
    "fan-out-5000": _fan_out(5000),
    "steady-10": _fan_out(1000, 10),
    "steady-50": _fan_out(1000, 50),
    "ingest": Scenario(
        1000,
        lambda crowd, running, guests, seconds: ingest.flat_out(crowd, running, guests.in_many_rooms(), seconds),
        (*PEERS, *_without_fsync()),
    ),
    "storm": Scenario(
        2000, lambda crowd, running, guests, _: storm.connect(crowd, running, guests.in_one_room(2000)), PEERS
    ),
    "idle": Scenario(
        10_000,
        lambda crowd, running, guests, seconds: idle.rest(
            crowd, running, guests.in_one_room(10_000), seconds * IDLE_SECONDS / SECONDS
        ),
        [peer for peer in PEERS if peer.name in {"aiohttp", "Node ws", "socketify"}],
    ),
}


@click.command()
@click.option("--scenario", "scenarios", multiple=True, type=click.Choice([*SCENARIOS, *GROWTH]), help="Not all.")
@click.option("--peer", "names", multiple=True, type=click.Choice([p.name for p in (*PEERS, FLOOR)]), help="Not all.")
@click.option("--alternations", default=3, show_default=True, help="How often each chat has its turn.")
@click.option("--seconds", default=SECONDS, show_default=True, help="How long a flood or a steady rate goes on.")
@click.option(
    "--cache", default=Path.home() / ".cache/chatapp-bench", show_default=True, type=click.Path(path_type=Path)
)
@click.option("--patience", default=0.0, help="Seconds to wait before each run until the machine is quiet.")
@click.option("--turns", is_flag=True, help="Only chatapp: how long the turns of its event loop take.")
@click.option("--profile", is_flag=True, help="Only chatapp: where its time goes.")
@click.option("--output", type=click.Path(path_type=Path), help="Also write the tables to this file.")
def main(
    scenarios: tuple[str, ...],
    names: tuple[str, ...],
    alternations: int,
    seconds: float,
    cache: Path,
    patience: float,
    turns: bool,
    profile: bool,
    output: Path | None,
) -> None:
    """Measure chatapp and its peers in turns; bench/README.md explains what and how."""
    house = House(cache)
    house.patience = patience
    if turns or profile:
        return _look_inside(house, scenarios or ("fan-out-5000",), seconds, profile=profile)
    chosen = scenarios or (*SCENARIOS, *GROWTH)
    guests = Guests(Furnished([], {}))
    if not GROWTH.keys() >= set(chosen):
        house.install()
        guests = Guests(_model(cache))
    tables = [f"Measured on {machine()}; {alternations} alternations of {seconds:g} s.", ""]
    with server.apart():
        for name in chosen:
            if name in GROWTH:
                tables.append(table(name, GROWTH[name](house, alternations)))
            else:
                tables.append(table(name, _alternate(house, SCENARIOS[name], guests, names, alternations, seconds)))
            click.echo(tables[-1])
            if output:
                output.write_text("\n".join(tables))
    house.clear()
    return None


def _look_inside(house: House, chosen: Sequence[str], seconds: float, *, profile: bool) -> None:
    """The same scenarios on a chatapp that looks at itself; its report goes to stdout."""
    house.inside = True
    report = house.cache / "report"
    os.environ |= {REPORT: str(report), **({PROFILE: "1"} if profile else {})}
    guests = Guests(_model(house.cache))
    with server.apart():
        for name in chosen:
            server.needs_descriptors(SCENARIOS[name].sockets)
            _tell(CHATAPP, _once(house, SCENARIOS[name], guests, CHATAPP, seconds))
            click.echo(f"{name}: {report.read_text()}")
    house.clear()


def _alternate(
    house: House, scenario: Scenario, guests: Guests, names: Sequence[str], alternations: int, seconds: float
) -> Runs:
    peers = [CHATAPP, *(peer for peer in scenario.peers if not names or peer.name in names)]
    runs: Runs = {peer.label: [] for peer in peers}
    server.needs_descriptors(scenario.sockets)
    for number in range(alternations):
        # Whoever begins would otherwise always find the machine as the last one left it.
        for peer in (*peers[number % len(peers) :], *peers[: number % len(peers)]):
            result = _once(house, scenario, guests, peer, seconds)
            runs[peer.label].append(result)
            _tell(peer, result)
    return runs


def _once(house: House, scenario: Scenario, guests: Guests, peer: Peer, seconds: float) -> Result:
    model = house.cache / f"model-{grown.schema()}" / "data"
    _wait_until_quiet(house.patience)
    with house.open(peer, model, guests.furnished) as running, Crowd(running.address, peer.dialect) as crowd:
        try:
            return scenario.run(crowd, running, guests, seconds)
        except Refused as error:
            return Result(str(error), faults=Faults(dropped_sockets=max(1, crowd.faults.dropped_sockets)))


def _wait_until_quiet(patience: float) -> None:
    """Return after a second in which nobody used much of the machine, or when patience is at its end."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        begun, before = time.monotonic(), server.busy_seconds()
        time.sleep(1)
        if (server.busy_seconds() - before) / (time.monotonic() - begun) < DISTURBED:
            return


def _tell(peer: Peer, result: Result) -> None:
    figures = ", ".join(f"{name} {value:.4g}" for name, value in result.figures.items())
    click.echo(f"{peer.label}: {result.scenario}: {figures} {'; '.join(result.remarks)}", err=True)


def _model(cache: Path) -> Furnished:
    """A data folder that every run of chatapp gets a copy of; made once for each version of the schema."""
    folder = cache / f"model-{grown.schema()}"
    known = folder / "furnished.json"
    if not known.exists():
        click.echo(f"Making {PEOPLE} people and {ROOMS} rooms …", err=True)
        made = asyncio.run(furnish.furnish(folder / "data", people=PEOPLE, rooms=ROOMS))
        known.write_text(json.dumps(made._asdict()))
    return Furnished(**json.loads(known.read_text()))


if __name__ == "__main__":
    logs.beside_answers()
    main()
