"""What is written and not sent is marked in the list of rooms."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from playwright.async_api import Locator, Page, Route, expect

from tests.e2e.test_accessibility import has_no_fault
from tests.e2e.verbs import comes_true, goes_back, new_room

Visit = Callable[..., Awaitable[Page]]


def pencil(page: Page, room: str) -> Locator:
    return page.locator(f'#sidebar .room-link[data-room="{room}"] .draft')


async def test_a_pencil_marks_the_rooms_with_a_draft_in_every_tab(visit: Visit) -> None:
    ada = await visit("ada")
    one, other = await new_room(ada), await new_room(ada)
    await ada.goto(f"/rooms/{one}")
    await ada.fill("#message", "half a thought")
    await expect(pencil(ada, one)).to_have_count(0)
    await ada.goto(f"/rooms/{other}")
    await expect(pencil(ada, one)).to_be_visible()
    await expect(pencil(ada, one)).to_have_text("Draft")
    await expect(pencil(ada, other)).to_have_count(0)
    await has_no_fault(ada)
    tab = await ada.context.new_page()
    await tab.goto(f"/rooms/{one}")
    await expect(tab.locator("#message")).to_have_value("half a thought")
    await tab.press("#message", "Enter")
    await expect(pencil(ada, one)).to_have_count(0)
    await tab.fill("#message", "another")
    await expect(pencil(ada, one)).to_be_visible()


async def test_a_page_that_was_left_knows_the_draft_when_somebody_goes_back_to_it(visit: Visit) -> None:
    ada = await visit("ada")
    one, other = await new_room(ada), await new_room(ada)
    await ada.goto(f"/rooms/{one}")
    await ada.goto(f"/rooms/{other}")
    await ada.fill("#message", "half a thought")
    await goes_back(ada)
    await ada.wait_for_url(f"**/rooms/{one}")
    await expect(pencil(ada, other)).to_be_visible()


async def test_what_is_typed_while_the_scripts_are_on_their_way_is_kept(visit: Visit) -> None:
    page = await visit("grace")
    room = await new_room(page)
    arrives = asyncio.Event()

    async def late(route: Route) -> None:
        await arrives.wait()
        await route.continue_()

    await page.route("**/js/composer.js", late)
    await page.goto(f"/rooms/{room}", wait_until="commit")
    await page.fill("#message", "quicker than the machine")
    arrives.set()
    await comes_true(page, f"localStorage.getItem('draft:grace:{room}') === 'quicker than the machine'")
