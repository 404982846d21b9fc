"""Marking unread, undoing what the page has read by itself, and what must read nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.test_accessibility import has_no_fault
from tests.e2e.test_continuity import hole, sifted
from tests.e2e.verbs import Wire, new_room, post_many, row, say
from tests.support.server import Server

Visit = Callable[..., Awaitable[Page]]

# More than what has to be in sight to be read.
READ_MS: Final = 2_000
HIDE: Final = "Object.defineProperty(document, 'visibilityState', { get: () => 'hidden', configurable: true })"
BLUR: Final = "document.hasFocus = () => false"


def link(page: Page, room: str) -> Locator:
    return page.locator(f'.room-link[data-room="{room}"]')


async def reads_all(page: Page, room: str, index: int) -> None:
    """Until the server has it."""
    await expect(link(page, room)).to_have_attribute("data-read", str(index))


def markings(page: Page) -> list[str]:
    """What the page's sockets say from now on about how far somebody has read."""
    said: list[str] = []
    page.on(
        "websocket",
        lambda ws: ws.on("framesent", lambda frame: said.append(str(frame)) if "markRead" in str(frame) else None),
    )
    return said


async def first_new(page: Page) -> str | None:
    line = page.locator("#new-line")
    await expect(line).to_be_visible()
    index: str | None = await line.evaluate("line => line.nextElementSibling.dataset.index")
    return index


async def mark_unread(page: Page, text: str) -> None:
    message = row(page, text)
    await message.hover()
    await message.locator("[popovertarget=message-menu]").click()
    await page.locator("#message-menu [data-do=unread]").click()


async def test_what_the_page_has_read_can_be_taken_back_on_every_device(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await post_many(ada, 5)
    phone = await visit("grace", at="/rooms/general")
    laptop = await visit("grace", at=f"/rooms/{room}")
    await expect(laptop.locator("#reads")).to_contain_text("Marked as read.")
    await expect(link(phone, room).locator(".count")).to_be_hidden()
    # Fetched under the pointer's eye: it stays while it is used.
    await laptop.locator("#reads button").focus()
    await has_no_fault(laptop)
    await laptop.locator("#reads button").click()
    await expect(laptop.locator("#reads")).to_contain_text("Marked as unread.")
    for page in (phone, laptop):
        await expect(link(page, room).locator(".count")).to_contain_text("5")
    assert await first_new(laptop) == "1"
    await has_no_fault(laptop)
    # Who reads on in one place has read on in all.
    await phone.goto(f"/rooms/{room}")
    await expect(laptop.locator("#reads")).to_have_count(0)


async def test_a_leap_over_messages_to_the_newest_can_be_taken_back(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await post_many(ada, 60)
    grace = await visit("grace", at=f"/rooms/{room}")
    await expect(grace.locator("#reads")).to_contain_text("Marked as read.")
    await grace.locator("#reads").evaluate("note => note.remove()")
    await grace.click("#pill")
    await expect(grace.locator("#reads")).to_contain_text("Marked as read.")
    await expect(link(grace, room).locator(".count")).to_be_hidden()
    await grace.locator("#reads button").click()
    await expect(grace.locator("#reads")).to_contain_text("Marked as unread.")
    # Not to where reading began: what was in sight before the leap was read.
    assert 1 < int(await first_new(grace) or 0) < 60


async def test_a_room_marked_unread_stays_so_while_it_is_looked_at(visit: Visit) -> None:
    """Here and in another window, whatever is said, until one reads on."""
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await post_many(ada, 5)
    pages = [await visit("grace", at="/rooms/general") for _ in range(2)]
    said = [markings(page) for page in pages]
    for page in pages:
        await page.clock.install()
        await page.goto(f"/rooms/{room}")
        await reads_all(page, room, 5)
    await mark_unread(pages[0], "line 3.")
    for page in pages:
        await expect(link(page, room).locator(".count")).to_contain_text("3")
        assert await first_new(page) == "3"
    for each in said:
        each.clear()
    await say(ada, "news")
    for page in pages:
        await expect(row(page, "news")).to_be_in_viewport()
        await page.evaluate("dispatchEvent(new Event('focus'))")
        await page.clock.fast_forward(READ_MS)
        await expect(link(page, room).locator(".count")).to_contain_text("4")
    assert said == [[], []]
    await pages[0].locator("#reads button").click()
    for page in pages:
        await expect(link(page, room).locator(".count")).to_be_hidden()


async def test_own_words_marked_unread_stay_so_whatever_others_do_to_them(visit: Visit, server: Server) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await post_many(ada, 3)
    await mark_unread(ada, "line 2.")
    await expect(link(ada, room).locator(".count")).to_contain_text("2")
    grace = (await visit("grace")).context.request
    path = f"/api/v1/rooms/{room}/messages/2/reactions/👍"
    assert (await grace.put(path, headers={"Origin": server.url})).ok
    await expect(row(ada, "line 2.").locator(".rx button")).to_be_visible()
    await expect(link(ada, room).locator(".count")).to_contain_text("2")


async def test_a_key_marks_unread_and_coming_again_reads(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await post_many(ada, 3)
    grace = await visit("grace", at=f"/rooms/{room}")
    await reads_all(grace, room, 3)
    await grace.locator("#timeline").focus()
    await grace.keyboard.press("End")
    await grace.keyboard.press("u")
    await expect(link(grace, room).locator(".count")).to_contain_text("1")
    await grace.goto("/rooms/general")
    await expect(link(grace, room).locator(".count")).to_contain_text("1")
    await grace.goto(f"/rooms/{room}")
    await expect(link(grace, room).locator(".count")).to_be_hidden()


async def test_what_a_device_has_read_before_it_was_marked_unread_elsewhere_comes_too_late(visit: Visit) -> None:
    """It could not say so: its line was cut, and the step back was made meanwhile."""
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await post_many(ada, 5)
    wire = Wire()
    away = await visit("grace", at="/rooms/general")
    await wire.hold(away)
    wire.swallows = "markRead"
    await away.goto(f"/rooms/{room}")
    await expect(away.locator("#reads")).to_contain_text("Marked as read.")
    here = await visit("grace", at=f"/rooms/{room}")
    await reads_all(here, room, 5)
    await wire.cut()
    await mark_unread(here, "line 2.")
    await expect(link(here, room).locator(".count")).to_contain_text("4")
    wire.swallows, wire.is_cut = None, False
    await expect(link(away, room).locator(".count")).to_contain_text("4")
    await expect(away.locator("#reads")).to_contain_text("Marked as unread.")
    await expect(link(here, room).locator(".count")).to_contain_text("4")


async def test_without_a_connection_marking_unread_says_so(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    await say(ada, "mine")
    wire = Wire()
    await wire.hold(ada)
    await ada.goto(f"/rooms/{room}")
    await expect(row(ada, "mine")).to_be_visible()
    await wire.cut()
    await mark_unread(ada, "mine")
    await expect(ada.locator("#reads")).to_contain_text("There is no connection.")


@pytest.mark.parametrize("where", ["hidden", "unfocused", "a permalink far above", "another room"])
async def test_what_nobody_looks_at_is_not_read(visit: Visit, where: str) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await post_many(ada, 120)
    grace = await visit("grace", at="/rooms/general")
    if where in {"hidden", "unfocused"}:
        await grace.add_init_script(HIDE if where == "hidden" else BLUR)
    said = markings(grace)
    await grace.clock.install()
    at = {"a permalink far above": f"/rooms/{room}/60", "another room": "/rooms/general"}.get(where, f"/rooms/{room}")
    await grace.goto(at)
    await say(ada, "news")
    await expect(link(grace, room).locator(".count")).to_contain_text("99+")
    await grace.clock.fast_forward(READ_MS)
    assert said == []
    await expect(link(grace, room)).to_have_attribute("data-read", "0")


async def test_in_sight_it_is_read(visit: Visit) -> None:
    """The same with somebody who looks: the test above can fail."""
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await post_many(ada, 120)
    grace = await visit("grace", at="/rooms/general")
    said = markings(grace)
    await grace.clock.install()
    await grace.goto(f"/rooms/{room}")
    await expect(grace.locator("#new-line")).to_be_visible()
    await grace.clock.fast_forward(READ_MS)
    await expect(link(grace, room)).not_to_have_attribute("data-read", "0")
    assert said


async def test_a_list_that_is_redrawn_meanwhile_keeps_nothing_from_being_read(visit: Visit, server: Server) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at="/rooms/general")
    await grace.clock.install()
    await grace.add_init_script(BLUR)
    await grace.goto(f"/rooms/{room}")
    await say(ada, "news")
    await expect(row(grace, "news")).to_have_count(1)
    await grace.clock.pause_at(datetime.now(UTC) + timedelta(hours=1))
    await grace.evaluate("document.hasFocus = () => true; Math.random = () => 0; dispatchEvent(new Event('focus'))")
    await link(grace, room).evaluate("link => { link.dataset.before = 'yes'; }")
    own = {"Origin": server.url}
    answer = await grace.request.put(f"/api/v1/rooms/{room}/level", data={"level": "mentions"}, headers=own)
    assert answer.ok
    async with asyncio.timeout(20):
        while await link(grace, room).get_attribute("data-before"):
            await grace.clock.run_for(1)
    await grace.clock.run_for(READ_MS)
    await reads_all(grace, room, 1)


async def test_what_the_server_does_not_have_keeps_nobody_from_reading_the_newest(visit: Visit) -> None:
    """What may still come does."""
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await say(ada, "one")
    grace, sieve = await sifted(visit, room)
    await reads_all(grace, room, 1)
    sieve.loses, sieve.refuses = {2}, "getRecentMessages"
    await post_many(ada, 3)
    await expect(hole(grace)).to_contain_text("1 message is not loaded here (number 2). Loading it failed.")
    await reads_all(grace, room, 1)
    sieve.refuses = ""
    await expect(hole(grace)).to_contain_text("1 message is not loaded here (number 2). The server does not have it.")
    await reads_all(grace, room, 4)
    await expect(link(grace, room).locator(".count")).to_be_hidden()
    await has_no_fault(grace)
