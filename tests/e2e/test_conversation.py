"""Two people in two browsers: what one writes the other sees, and nothing is lost on the way."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Page, expect

from tests.e2e.test_accessibility import has_no_fault
from tests.e2e.verbs import new_room, row, rows, say, submit, texts
from tests.support.server import Server, serving

GROUPED = re.compile(r"^(?!.*\bfirst\b)")
Visit = Callable[..., Awaitable[Page]]


async def test_a_room_is_made_and_somebody_added_and_both_are_in_it(visit: Visit) -> None:
    ada = await visit("ada", at="/rooms/new")
    await ada.fill("[name=name]", "Made by hand")
    await ada.check("[name=kind][value=closed]")
    await ada.click("main form button:not([type=button])")
    await ada.wait_for_url("**/rooms/made-by-hand*")
    path = urlsplit(ada.url).path
    await ada.goto(f"{path}/settings")
    await ada.fill("[name=username]", "grace")
    await ada.press("[name=username]", "Enter")
    await expect(ada.locator("main")).to_contain_text("Grace Lin")
    await ada.goto(path)
    grace = await visit("grace", at=path)
    await say(ada, "Come in")
    await expect(row(grace, "Come in")).to_have_count(1)


async def test_a_message_is_on_the_other_screen_at_once_and_after_a_reload(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(ada, "Good morning")
    await expect(row(grace, "Good morning")).to_have_count(1)
    await say(grace, "Good morning, Ada")
    await expect(row(ada, "Good morning, Ada")).to_have_count(1)
    before = await texts(ada)
    await ada.reload()
    await grace.reload()
    assert before == await texts(ada) == await texts(grace)
    assert len(before) == 2


async def test_both_write_at_once_and_see_the_same_order(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")

    async def write(page: Page, name: str) -> None:
        for number in range(10):
            await page.fill("#message", f"{name} {number}")
            await page.press("#message", "Enter")

    await asyncio.gather(write(ada, "ada"), write(grace, "grace"))
    for page in (ada, grace):
        await expect(rows(page)).to_have_count(20)
        await expect(page.locator("#timeline .msg.pending")).to_have_count(0)
    assert await texts(ada) == await texts(grace)


async def test_the_you_chip_is_on_own_messages_only(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(ada, "from ada")
    await say(grace, "from grace")
    for _ in range(2):
        await expect(row(ada, "from ada").locator(".you")).to_be_visible()
        await expect(row(ada, "from grace").locator(".you")).to_be_hidden()
        await expect(row(grace, "from ada").locator(".you")).to_be_hidden()
        await ada.reload()
        await grace.reload()


async def test_a_live_row_is_drawn_as_the_server_draws_it(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(ada, "see https://example.org/a?b=1 & <b>this</b>")
    live = row(grace, "see https://example.org")
    await expect(live).to_have_count(1)
    drawn = await live.evaluate(NORMAL)
    await grace.reload()
    assert drawn == await row(grace, "see https://example.org").evaluate(NORMAL)
    assert '<a href="https://example.org/a?b=1"' in drawn


NORMAL = """row => {
  const copy = row.cloneNode(true);
  for (const node of [copy, ...copy.querySelectorAll('*')]) node.removeAttribute('tabindex');
  return copy.outerHTML.replace(/\\s+/g, ' ');
}"""


async def test_a_restart_in_mid_conversation_loses_nothing(visit: Visit, tmp_path: Path) -> None:
    own = Server(tmp_path / "data", LIMITS="off")
    await own.add_person("ada", is_admin=True)
    await own.add_person("grace")
    await own.start()
    try:
        ada = await visit("ada", to=own, at="/rooms/general")
        grace = await visit("grace", to=own, at="/rooms/general")
        await say(ada, "before")
        await expect(row(grace, "before")).to_have_count(1)
        await own.kill()
        await expect(ada.locator("#banner")).to_be_visible()
        await ada.fill("#message", "written while it was away")
        await ada.press("#message", "Enter")
        await expect(row(ada, "written while it was away")).to_have_count(1)
        await own.start()
        await expect(row(grace, "written while it was away")).to_have_count(1, timeout=20_000)
        await expect(ada.locator("#banner")).to_be_hidden()
        await say(grace, "after")
        await expect(row(ada, "after")).to_have_count(1)
        assert await texts(ada) == await texts(grace) == ["before", "written while it was away", "after"]
    finally:
        await own.kill()


async def test_from_an_empty_folder_to_a_message_on_another_screen(visit: Visit, tmp_path: Path) -> None:
    async with serving(tmp_path / "data") as fresh:
        ada = await visit(to=fresh)
        await ada.goto("/")
        await expect(ada).to_have_url(f"{fresh.url}/setup")
        await ada.goto(fresh.setup_link)
        for field, value in {
            "username": "ada",
            "display_name": "Ada Okafor",
            "email": "ada@example.org",
            "password": "a long enough password",
        }.items():
            await ada.fill(f"[name={field}]", value)
        await ada.click("main form button:not([type=button])")
        await expect(ada).to_have_url(f"{fresh.url}/rooms/general")
        await say(ada, "hello, world")
        await ada.goto("/settings/invites")
        await ada.click("main form button:not([type=button])")
        link = await ada.locator("input[readonly], .secret").first.input_value()
        grace = await visit(to=fresh)
        await grace.goto(link)
        for field, value in {
            "username": "grace",
            "display_name": "Grace Lin",
            "email": "grace@example.org",
            "password": "another long password",
        }.items():
            await grace.fill(f"[name={field}]", value)
        await grace.click("main form button:not([type=button])")
        await expect(grace).to_have_url(f"{fresh.url}/rooms/general")
        await expect(row(grace, "hello, world")).to_have_count(1)
        await say(grace, "hello, Ada")
        await expect(row(ada, "hello, Ada")).to_have_count(0)
        await ada.goto("/rooms/general")
        await expect(row(ada, "hello, Ada")).to_have_count(1)


async def test_what_comes_after_a_page_was_loaded_joins_what_is_on_it(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await say(ada, "one")
    await ada.reload()
    await expect(await say(ada, "two")).to_have_class(GROUPED)


async def test_who_is_removed_while_writing_keeps_the_words_and_finds_the_way_on(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace", kind="closed")
    grace, other = await visit("grace", at=f"/rooms/{room}"), await visit("grace", at=f"/rooms/{room}")
    await grace.fill("#message", "half a thought")
    await submit(ada.context, f"/rooms/{room}/members/grace/remove", at=f"/rooms/{room}/settings")
    for page in (grace, other):
        await expect(page.locator("#composer")).to_contain_text("You are no longer in this room.")
    field = grace.locator("#composer textarea")
    await expect(field).to_have_value("half a thought")
    await expect(field).to_be_focused()
    for key in ("x", "Control+a", "Control+b", "Enter"):
        await grace.keyboard.press(key)
    await expect(field).to_have_value("half a thought")
    await expect(rows(grace)).to_have_count(0)
    assert await grace.evaluate("getSelection().toString()") == "half a thought"
    await has_no_fault(grace)
    # Nothing was being written here.
    await expect(other.locator("#composer textarea")).to_have_count(0)
    await has_no_fault(other)
    await other.get_by_role("link", name="Back to your rooms").click()
    await expect(other.locator(f'.room-link[data-room="{room}"]')).to_have_count(0)
