"""Times of day: the server and the scripts write them alike, as the browser is used to or as somebody chose."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Final

import pytest
from playwright.async_api import Page, Route, expect

from chatapp.core import language
from chatapp.core.models import HourCycle
from chatapp.web.moments import Moments
from chatapp.web.phrases import phrases
from tests.e2e.test_accessibility import has_no_fault
from tests.e2e.verbs import new_room, row, say

Visit = Callable[..., Awaitable[Page]]
# What a row says of its time: in its head, in its name, and in full.
TOLD = """row => [row.querySelector('.hd time').textContent, row.getAttribute('aria-label'), row.dataset.at]"""
USUAL = "new Intl.DateTimeFormat(undefined, {hour: 'numeric'}).resolvedOptions().hourCycle"


async def drawn_by_the_server(page: Page, index: str) -> list[str]:
    text = await page.evaluate("fetch(location.href, {headers: {Accept: 'text/html'}}).then((answer) => answer.text())")
    (found,) = re.findall(rf'<article class="msg[^"]*" id="m{index}".*?</article>', text, re.DOTALL)
    (time,) = re.findall(r"<time[^>]*>([^<]+)</time>", found)[:1]
    (label,) = re.findall(r'aria-label="([^"]+)"', found)[:1]
    return [time, label]


@pytest.mark.parametrize(
    ("locale", "choice", "looks"),
    [
        ("en-US", "", r"[1-9]\d?:\d\d [AP]M"),
        ("en-GB", "", r"\d\d:\d\d"),
        ("de-DE", "", r"\d\d:\d\d"),
        ("zh-CN", "", r"\d\d:\d\d"),
        ("zh-CN", "h12", r"[上下]午[1-9]\d?:\d\d"),
        ("en-US", "h23", r"\d\d:\d\d"),
        ("en-GB", "h12", r"[1-9]\d?:\d\d [AP]M"),
    ],
)
async def test_the_server_and_the_scripts_write_a_time_alike(
    visit: Visit, locale: str, choice: str, looks: str
) -> None:
    page = await visit("ada", at="/settings/appearance", locale=locale, timezone_id="UTC")
    await page.check(f"[name=hour_cycle][value='{choice}']")
    await page.click("form[action='/settings/clock'] button")
    await expect(page.locator(f"[name=hour_cycle][value='{choice}']")).to_be_checked()
    try:
        await new_room(page)
        await say(page, "hello")
        time, label, _at = await row(page, "hello").evaluate(TOLD)
        assert re.fullmatch(looks, time), time
        assert await drawn_by_the_server(page, "1") == [time, label]
        if not choice:
            assert await page.evaluate(USUAL) == ("h12" if "[AP]" in looks else "h23")
    finally:
        await page.goto("/settings/appearance")
        await page.check("[name=hour_cycle][value='']")
        await page.click("form[action='/settings/clock'] button")
        await has_no_fault(page)


# Each once: the night, the morning without and with two digits, noon; in summer and in winter.
MOMENTS: Final = (
    *("2026-01-31T00:05:09.000Z", "2026-07-04T05:09:00.000Z"),
    *("2026-11-29T10:10:00.000Z", "2026-07-12T12:00:00.000Z"),
)
ZONES: Final = ("UTC", "America/St_Johns", "Asia/Kathmandu", "Europe/London")
REDRAWN: Final = """async moments => {
  const app = document.querySelector('script[type=module]').src;
  const { blankRow, divider, paint } = await import(app.replace('app.js', 'message.js'));
  const who = { index: 1, version: 1, username: 'ada', display_name: 'Ada', content: '' };
  return moments.map((timestamp) => {
    const row = paint(blankRow(), { ...who, timestamp, edited_at: timestamp }, () => {});
    const [time, edited] = [row.querySelector('.hd time'), row.querySelector('.edited')];
    return [time.textContent, time.title, edited.title, divider(null, row).textContent];
  });
}"""


@pytest.mark.parametrize("tag", ["en", "zh-Hans"])
@pytest.mark.parametrize("cycle", ["h12", "h23"])
async def test_they_write_dates_alike_in_every_zone(visit: Visit, tag: str, cycle: HourCycle) -> None:
    for zone in ZONES:
        page = await visit("ada", timezone_id=zone, locale="de-DE")
        room = await new_room(page)
        await page.route(f"**/rooms/{room}", partial(_as_if, tag=tag, cycle=cycle))
        await page.goto(f"/rooms/{room}")
        drawn = await page.evaluate(REDRAWN, MOMENTS)
        with language.speaking(tag):
            assert drawn == [_by_the_server(Moments(zone, hour_cycle=cycle), each) for each in MOMENTS]


def _by_the_server(moments: Moments, timestamp: str) -> list[str]:
    at = int(datetime.fromisoformat(timestamp).timestamp() * 1000)
    title = moments.long_time(at)
    return [moments.clock(at), title, language._("Edited {time}").format(time=title), moments.day(at)]


async def _as_if(route: Route, tag: str, cycle: str) -> None:
    """The page as somebody gets it who has chosen that language and that clock."""
    with language.speaking(tag):
        said = json.dumps(phrases()).replace("<", "\\u003c")
    answer = await route.fetch()
    text = re.sub('<html lang="[^"]+"', f'<html lang="{tag}"', await answer.text())
    text = re.sub('"hour_cycle": ?"[^"]+"', f'"hour_cycle": "{cycle}"', text)
    text = re.sub('"strings": ?{', lambda _: f'"strings": {said}, "replaced": {{', text)
    await route.fulfill(response=answer, body=text)
