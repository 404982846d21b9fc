"""Whatever page says when something was, it says so in the reader's zone."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.async_api import Page, expect

from tests.e2e.verbs import new_room, say, submit

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


async def test_without_scripts_a_time_names_its_zone(visit: Visit) -> None:
    page = await visit("ada", timezone_id="Asia/Shanghai")
    slug = await new_room(page)
    await say(page, "nachtzug")
    plain = await visit("ada", at=f"/search?q=nachtzug+in:{slug}", java_script_enabled=False)
    await expect(plain.locator(".hit-head time")).to_have_text(re.compile("UTC$"))
