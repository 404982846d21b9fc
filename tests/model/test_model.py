"""Random actions of several people at once on a real server, against a simple memory and against a fresh read.

State and news make the state a newcomer reads: for every client, after every kind of change.
"""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest
from aiohttp import web

from chatapp.core import events
from chatapp.gateway import commands
from chatapp.gateway.registry import actions
from chatapp.web import routes
from tests.model import verbs
from tests.model.mirror import Mirror
from tests.model.world import World
from tests.support.rounds import rounds

RUNS = rounds(3, 60)
STEPS = rounds(25, 120)
MOST_AT_ONCE = 6


async def goes_on(world: World) -> None:
    """One step: several things at once, or one that concerns everybody."""
    chance = world.chance
    if chance.random() < 0.08:
        verb = chance.choice(verbs.ALONE)
        world.log.append(verb.__name__)
        await verb(world)
        return
    chosen = chance.choices([*verbs.AT_ONCE], [*verbs.AT_ONCE.values()], k=chance.randrange(1, MOST_AT_ONCE + 1))
    world.begins_a_step()
    acts = [act for verb in chosen if (act := verb(world)) is not None]
    world.log.append("at once: " + ", ".join(verb.__name__ for verb in chosen))
    await asyncio.gather(*acts)


@pytest.mark.parametrize("seed", range(RUNS))
@pytest.mark.timeout(600)
async def test_state_and_news_are_the_state_a_newcomer_reads(tmp_path: Path, migrated: Path, seed: int) -> None:
    data = tmp_path / "model"
    data.mkdir(mode=0o700)
    shutil.copy(migrated, data / "chatapp.db")
    world = World(data, seed)
    await world.begins()
    try:
        for step in range(STEPS):
            await goes_on(world)
            if step % 4 == 3:
                await world.agrees()
        for mirror in world.mirrors:
            if mirror.ear is None:
                await mirror.connects(world.client)
        await world.agrees()
        await world.knows_who_is_here()
    except BaseException:
        print("\n".join(world.log[-60:]))
        raise
    finally:
        await world.ends()


def test_every_action_and_every_change_over_rest_is_tried() -> None:
    commands.load()
    assert set(actions()) == set(verbs.BY_ACTION)
    app = web.Application()
    routes.setup_routes(app)
    changes = {
        f"{route.method} {route.resource.canonical}"
        for route in app.router.routes()
        if route.resource and route.method in {"POST", "PUT", "PATCH", "DELETE"}
    }
    assert {name for name in changes if "/api/" in name} == set(verbs.BY_ROUTE)
    known = {verb.__name__ for verb in (*verbs.AT_ONCE, *verbs.ALONE)}
    named = {name for names in [*verbs.BY_ACTION.values(), *verbs.BY_ROUTE.values()] for name in names.split(", ")}
    assert named - known == {"every settling", "nothing anybody hears of"}


def test_every_kind_of_news_has_a_meaning() -> None:
    kinds = {kind.__struct_config__.tag for kind in events.Event.__subclasses__()}
    understood = {name.removeprefix("_on_") for name in vars(Mirror) if name.startswith("_on_")}
    # The first is a greeting, the last is said to everybody at a restart.
    assert kinds == understood | {"hello", "draining"}
