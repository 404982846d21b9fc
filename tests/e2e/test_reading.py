"""Reading on: older messages, what is new, and nothing that moves under the eye."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.e2e.verbs import comes_true, distance_to_end, new_room, post_many, row, say, top_of

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
    await expect(grace.locator(f'.room-link[data-room="{room}"]')).to_have_attribute("data-read", "60")
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


# What the pill and the list of rooms say there is to read; "" where they say nothing.
COUNTS = """room => [document.getElementById("pill"), document.querySelector(`.room-link[data-room="${room}"] .count`)]
  .map(each => each.checkVisibility() ? each.textContent.match(/\\d+/)?.[0] ?? "" : "")"""


async def counts(page: Page, room: str) -> int:
    """What both say, as soon as they say the same."""
    await comes_true(page, f"(([pill, list]) => pill === list)(({COUNTS})({room!r}))")
    pill, listed = await page.evaluate(COUNTS, room)
    assert pill == listed
    return int(pill or 0)


async def asks(page: Page, method: str, path: str, **fields: object) -> None:
    """As another device of theirs would, whose page is nowhere."""
    headers = "{ 'Content-Type': 'application/json' }"
    script = f"([method, path, body]) => fetch(path, {{ method, body, headers: {headers} }}).then(answer => answer.ok)"
    assert await page.evaluate(script, [method, path, json.dumps(fields)])


async def test_the_pill_and_the_list_of_rooms_count_the_same(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await post_many(ada, 30)
    grace = await visit("grace", at=f"/rooms/{room}")
    # What came before the page, as far as it is out of sight.
    await expect(grace.locator("#pill")).to_contain_text("new messages")
    before = await counts(grace, room)
    assert 0 < before < 30
    # What somebody else says, what one says oneself elsewhere, and what is taken back.
    await say(ada, "from ada")
    await asks(grace, "POST", f"/api/v1/rooms/{room}/messages", content="from my phone")
    await expect(row(ada, "from my phone")).to_have_count(1)
    await comes_true(grace, f"document.getElementById('pill').textContent === '{before + 2} new messages'")
    assert await counts(grace, room) == before + 2
    # Seen on the way down.
    await grace.evaluate("document.getElementById('timeline').scrollTop += 200")
    await comes_true(grace, f"document.getElementById('pill').textContent !== '{before + 2} new messages'")
    assert 0 < await counts(grace, room) < before + 2
    # Read elsewhere.
    await asks(grace, "PUT", f"/api/v1/rooms/{room}/read", index=32)
    await comes_true(grace, "!document.getElementById('pill').textContent.includes('new messages')")
    assert await counts(grace, room) == 0


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
