"""Whatever page says when something was, it says so in the reader's zone."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.async_api import Page, Route, expect

from tests.e2e.verbs import new_room, row, say, submit

Visit = Callable[..., Awaitable[Page]]
SHANGHAI = ZoneInfo("Asia/Shanghai")


async def test_pages_beside_a_room_say_the_time_that_the_room_says(visit: Visit) -> None:
    page = await visit("ada", timezone_id="Asia/Shanghai", locale="zh-CN")
    slug = await new_room(page)
    written = await say(page, "sternwarte")
    index = await written.get_attribute("data-index")
    at = datetime.fromisoformat(str(await written.get_attribute("data-at"))).astimezone(SHANGHAI)
    clock = await written.locator(".hd time").inner_text()
    await submit(page.context, f"/rooms/{slug}/{index}/pin", at=f"/rooms/{slug}/{index}")
    await page.goto(f"/rooms/{slug}/pins")
    await expect(page.locator(".msg .hd time")).to_have_text(clock)
    await expect(page.locator(".msg")).to_have_attribute("aria-label", re.compile(f"{clock}$"))
    await page.goto("/search?q=sternwarte")
    day = f"{at.year}年{at.month}月{at.day}日"
    await expect(page.locator(".hit-head time").first).to_have_text(re.compile(rf"^{day} {at:%H:%M} GMT\+8$"))
    await page.goto("/settings/sessions")
    await expect(page.locator("tbody time").first).to_have_text("刚刚")


async def test_a_zone_that_somebody_has_chosen_holds_in_every_browser(visit: Visit) -> None:
    page = await visit("ada", timezone_id="Asia/Shanghai")
    await chooses_zone(page, "Asia/Kathmandu")
    try:
        slug = await new_room(page)
        written = await say(page, "nachtwache")
        at = datetime.fromisoformat(str(await written.get_attribute("data-at"))).astimezone(ZoneInfo("Asia/Kathmandu"))
        title = re.compile(r"GMT\+5:45$")
        for where in (f"/rooms/{slug}", ""):
            await expect(written.locator(".hd time")).to_have_attribute("title", title)
            await expect(written.locator(".hd time")).to_have_text(f"{at:%-I:%M %p}")
            await expect(page.locator(".day time")).to_have_attribute("datetime", f"{at:%Y-%m-%d}")
            await expect(page.locator(".day")).to_have_text("Today")
            await page.goto(where or "/search?q=nachtwache")
        await expect(page.locator(".hit-head time").first).to_have_text(title)
    finally:
        await chooses_zone(page, "")


async def test_a_zone_that_the_browser_does_not_know_is_that_of_the_browser(visit: Visit) -> None:
    page = await visit("ada", timezone_id="Asia/Shanghai")
    slug = await new_room(page)
    await say(page, "staub")
    await page.route(f"**/rooms/{slug}", _on_mars)
    await page.goto(f"/rooms/{slug}")
    await expect(row(page, "staub").locator(".hd time")).to_have_attribute("title", re.compile(r"GMT\+8$"))


async def _on_mars(route: Route) -> None:
    answer = await route.fetch()
    body = (await answer.text()).replace('"hour_cycle":', '"time_zone": "Mars/Base", "hour_cycle":')
    assert "Mars" in body
    await route.fulfill(response=answer, body=body)


async def chooses_zone(page: Page, zone: str) -> None:
    await submit(page.context, "/settings/profile", at="/settings/profile", display_name="Ada Okafor", time_zone=zone)


async def test_without_scripts_a_time_names_its_zone(visit: Visit) -> None:
    page = await visit("ada", timezone_id="Asia/Shanghai")
    slug = await new_room(page)
    await say(page, "nachtzug")
    plain = await visit("ada", at=f"/search?q=nachtzug+in:{slug}", java_script_enabled=False)
    await expect(plain.locator(".hit-head time")).to_have_text(re.compile("UTC$"))
