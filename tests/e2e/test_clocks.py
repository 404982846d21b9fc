"""Times of day: the server and the scripts write them alike, as the browser is used to or as somebody chose."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

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
        ("en-US", "", r"\d\d:\d\d [AP]M"),
        ("en-GB", "", r"\d\d:\d\d"),
        ("de-DE", "", r"\d\d:\d\d"),
        ("zh-CN", "", r"\d\d:\d\d"),
        ("zh-CN", "h12", r"[上下]午\d\d:\d\d"),
        ("en-US", "h23", r"\d\d:\d\d"),
        ("en-GB", "h12", r"\d\d:\d\d [AP]M"),
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
