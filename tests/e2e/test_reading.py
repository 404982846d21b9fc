"""Reading on: older messages, what is new, and nothing that moves under the eye."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.e2e.verbs import distance_to_end, new_room, post_many, row, say, top_of

Visit = Callable[..., Awaitable[Page]]


async def test_reading_above_is_not_moved_by_news_and_the_pill_leads_back(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await post_many(ada, 60)
    grace = await visit("grace", at=f"/rooms/{room}")
    await grace.goto(f"/rooms/{room}")
    for _ in range(2):
        await grace.evaluate("document.getElementById('timeline').scrollTop = 1e6")
        await expect(row(grace, "line 60.")).to_have_count(1)
    await expect(row(grace, "line 60.")).to_be_in_viewport()
    await grace.evaluate("document.getElementById('timeline').scrollTop -= 300")
    await expect(grace.locator("#pill")).to_be_hidden()
    where = await grace.evaluate("document.getElementById('timeline').scrollTop")
    await say(ada, "news one")
    await say(ada, "news two")
    await expect(grace.locator("#pill")).to_contain_text("2 new messages")
    assert abs(await grace.evaluate("document.getElementById('timeline').scrollTop") - where) <= 2
    await grace.click("#pill")
    await expect(grace.locator("#pill")).to_be_hidden()
    assert await distance_to_end(grace) <= 2
    await say(ada, "news three")
    await expect(row(grace, "news three")).to_be_in_viewport()


async def test_older_messages_come_while_scrolling_and_nothing_jumps(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    await post_many(ada, 120)
    await ada.goto(f"/rooms/{room}")
    await expect(row(ada, "line 120.")).to_be_in_viewport()
    assert await row(ada, "line 60.").count() == 0
    await ada.evaluate("document.getElementById('timeline').scrollTop = 300")
    before = await top_of(ada, "line 75.")
    scroll = "document.getElementById('timeline').scrollTop"
    start = await ada.evaluate(scroll)
    await expect(row(ada, "line 60.")).to_have_count(1)
    assert abs(await top_of(ada, "line 75.") - before) <= 2, start
    await ada.evaluate("document.getElementById('timeline').scrollTop = 0")
    await expect(row(ada, "line 1.")).to_have_count(1)
    await ada.evaluate("document.getElementById('timeline').scrollTop = 0")
    await expect(ada.locator("#beginning")).to_be_visible()


async def test_the_first_unread_line_stays_where_it_was(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(ada, "read this")
    await expect(row(grace, "read this")).to_have_count(1)
    link = grace.locator(f'.room-link[data-room="{room}"] .count')
    await expect(link).to_be_hidden()
    await expect(grace.locator(f'.room-link[data-room="{room}"]')).to_have_attribute("data-read", "1")
    await grace.goto("/rooms/general")
    await post_many(ada, 3)
    await expect(link).to_contain_text("3")
    assert await grace.title() != "#general"
    await grace.goto(f"/rooms/{room}")
    line = grace.locator("#new-line")
    await expect(line).to_be_visible()
    assert await line.evaluate("line => line.nextElementSibling.dataset.index") == "2"
    await say(ada, "one more")
    await expect(row(grace, "one more")).to_have_count(1)
    assert await line.evaluate("line => line.nextElementSibling.dataset.index") == "2"
    await expect(link).to_be_hidden()


async def test_reading_on_one_device_clears_the_other(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    phone = await visit("grace", at="/rooms/general")
    await post_many(ada, 2)
    count = phone.locator(f'.room-link[data-room="{room}"] .count')
    await expect(count).to_contain_text("2")
    await visit("grace", at=f"/rooms/{room}")
    await expect(count).to_be_hidden()


async def test_the_day_of_what_is_at_the_top_stays_in_sight_and_covers_no_focus(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    await post_many(ada, 60)
    await ada.goto(f"/rooms/{room}")
    day, log = ada.locator("#timeline .day"), ada.locator("#timeline")
    box, frame = await day.bounding_box(), await log.bounding_box()
    assert box
    assert frame
    assert box["y"] == frame["y"]
    await log.focus()
    for _ in range(45):
        await ada.keyboard.press("ArrowUp")
    focused = await ada.evaluate("document.activeElement.getBoundingClientRect().top")
    assert focused >= box["y"] + box["height"]
