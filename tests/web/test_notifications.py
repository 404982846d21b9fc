"""When and how somebody is told of messages: pages without scripts, and what the script asks."""

from __future__ import annotations

import re
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from chatapp.core.events import timestamp
from chatapp.core.notifications import HOUR_MS
from tests.support.cast import Actor
from tests.support.time import SettableClock
from tests.web.browser import Browser

PAGE = "/settings/notifications"
NIGHT = {"begin": "22:00", "end": "07:00", "time_zone": "Europe/Berlin", "day0": "on", "day4": "on"}


async def told(client: TestClient[Any, Any], actor: Actor) -> dict[str, Any]:
    answer = await client.get("/api/v1/me/notifications", headers=actor.bearer)
    assert answer.status == 200
    return await answer.json()  # type: ignore[no-any-return]


async def test_quiet_hours_are_kept_and_shown(adas: Browser, ada: Actor) -> None:
    page = await adas.submits("/settings/quiet-hours", on=PAGE, **NIGHT)
    assert (page.status, page.location) == (303, PAGE)
    shown = (await adas.opens(PAGE)).text
    assert re.findall(r'name="day(\d)" checked', shown) == ["0", "4"]
    assert 'value="22:00"' in shown
    assert 'value="07:00"' in shown
    # It is the one of the profile.
    assert 'value="Europe/Berlin"' in (await adas.opens("/settings/profile")).text


async def test_what_is_no_time_is_said_on_its_field_and_nothing_is_stored(
    adas: Browser, client: TestClient[Any, Any], ada: Actor
) -> None:
    for wrong in ({"begin": "25:00"}, {"end": ""}, {"time_zone": ""}, {"time_zone": "Mars/Base"}):
        page = await adas.submits("/settings/quiet-hours", on=PAGE, **{**NIGHT, **wrong})
        assert page.status == 422
        assert 'aria-invalid="true"' in page.text
    assert (await told(client, ada))["changes_at"] is None


async def test_silence_begins_at_once_and_ends_when_it_is_over(
    adas: Browser, client: TestClient[Any, Any], ada: Actor, clock: SettableClock
) -> None:
    assert await told(client, ada) == {"words": True, "quiet": False, "changes_at": None, "push": None}
    assert (await adas.submits("/settings/silence", on=PAGE, length="hour")).status == 303
    assert await told(client, ada) == {
        "words": True,
        "quiet": True,
        "push": None,
        "changes_at": timestamp(clock() + HOUR_MS),
    }
    assert "Not any longer" in (await adas.opens(PAGE)).text
    clock.passes(minutes=60)
    assert (await told(client, ada))["quiet"] is False
    await adas.submits("/settings/silence", on=PAGE, length="tomorrow")
    await adas.submits("/settings/silence", on=PAGE, length="over")
    assert (await told(client, ada))["quiet"] is False


async def test_words_are_hidden_and_shown_again(adas: Browser, client: TestClient[Any, Any], ada: Actor) -> None:
    for words, is_shown in (("hidden", False), ("shown", True)):
        assert (await adas.submits(PAGE, on=PAGE, words=words)).status == 303
        assert (await told(client, ada))["words"] is is_shown


async def test_what_is_neither_is_refused(adas: Browser, ada: Actor) -> None:
    assert (await adas.submits(PAGE, on=PAGE, words="loud")).status in {400, 422}


@pytest.mark.parametrize("other", ["quiet-hours", "silence"])
async def test_one_setting_leaves_the_others_alone(
    adas: Browser, client: TestClient[Any, Any], ada: Actor, other: str
) -> None:
    await adas.submits(PAGE, on=PAGE, words="hidden")
    fields = NIGHT if other == "quiet-hours" else {"length": "hour"}
    await adas.submits(f"/settings/{other}", on=PAGE, **fields)
    assert (await told(client, ada))["words"] is False


async def test_what_somebody_sets_is_nobody_elses(
    adas: Browser, client: TestClient[Any, Any], ada: Actor, grace: Actor
) -> None:
    await adas.submits("/settings/silence", on=PAGE, length="hour")
    assert (await told(client, grace))["quiet"] is False


async def test_quiet_hours_are_hours_in_chinese_too(adas: Browser) -> None:
    page = await adas.opens(PAGE, **{"Accept-Language": "zh-CN"})
    assert "开始时间" in page.text
    assert "日期" not in page.text
