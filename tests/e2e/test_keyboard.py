"""Everything by keyboard: the switcher, the shortcuts, the rooms above and below, the list of messages."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final

from playwright.async_api import Page, expect

from tests.e2e.test_accessibility import has_no_fault
from tests.e2e.verbs import hold, new_room, say, submit
from tests.support.browser import STANDS

Visit = Callable[..., Awaitable[Page]]


# From an option's sign to its name, in pixels.
GAP: Final = """option => {
  const words = document.createRange();
  words.selectNodeContents(option.querySelector("bdi"));
  return words.getBoundingClientRect().left - option.firstElementChild.getBoundingClientRect().right;
}"""


# The keys of the table in app.js as the dialog names them on this machine.
TABLE: Final = """async () => {
  const { KEYS } = await import(document.querySelector('script[src*="/js/app.js"]').src);
  const names = { Mod: "Ctrl", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", PageUp: "PgUp", PageDown: "PgDn" };
  const drawn = (keys) => keys.split(/\\+(?=.)/).map((part) => names[part] ?? part).join("");
  return Object.values(KEYS).flat().map(({ keys }) => drawn(keys));
}"""


async def focused(page: Page) -> str:
    return str(await page.evaluate("document.activeElement.id"))


async def test_the_switcher_finds_a_room_and_goes_there(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    await ada.goto("/rooms/general")
    await ada.keyboard.press("Control+k")
    await expect(ada.locator("#switcher")).to_be_visible()
    assert await focused(ada) == "switcher-input"
    await ada.keyboard.type(room.replace("-", " "))
    await expect(ada.locator("#switcher [role=option]").first).to_have_attribute("aria-selected", "true")
    await ada.keyboard.press("Enter")
    await ada.wait_for_url(re.compile(f"/rooms/{room}$"))


async def test_names_of_every_script_stand_next_to_their_sign_in_the_switcher(visit: Visit) -> None:
    ada = await visit("ada")
    await submit(ada.context, "/rooms", at="/rooms/new", name="عادة", kind="open")
    await ada.goto("/rooms/general")
    await ada.keyboard.press("Control+k")
    option = ada.locator("#switcher [role=option]", has_text="عادة")
    await expect(option).to_be_visible()
    assert await option.evaluate(GAP) < 30


async def test_escape_closes_one_layer_and_gives_the_focus_back(visit: Visit) -> None:
    ada = await visit("ada", at="/rooms/general")
    await ada.click("#message")
    await ada.keyboard.press("Control+k")
    await expect(ada.locator("#switcher")).to_be_visible()
    await ada.keyboard.press("Escape")
    await expect(ada.locator("#switcher")).to_be_hidden()
    assert await focused(ada) == "message"


async def test_the_shortcuts_dialog_lists_every_key(visit: Visit) -> None:
    ada = await visit("ada", at="/rooms/general")
    await ada.keyboard.press("Control+/")
    dialog = ada.locator("#shortcuts")
    await expect(dialog.locator("dd").first).to_be_visible()
    drawn = await dialog.locator("dt").all_inner_texts()
    assert ["".join(keys.split()) for keys in drawn] == await ada.evaluate(TABLE)
    words = await dialog.locator("dd, h3").all_inner_texts()
    assert [each for each in words if not each or each.startswith("key")] == []
    await ada.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()


async def test_a_question_mark_is_a_shortcut_in_the_list_only(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await say(ada, "something")
    await ada.click("#message")
    await ada.keyboard.type("why?")
    await expect(ada.locator("#shortcuts")).to_be_hidden()
    await ada.fill("#message", "")
    await ada.focus("#timeline")
    await ada.keyboard.press("?")
    await expect(ada.locator("#shortcuts")).to_be_visible()


async def test_alt_and_arrows_walk_through_the_rooms(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await ada.goto("/rooms/general")
    names = await ada.locator(".room-link").evaluate_all("links => links.map(link => link.dataset.room)")
    await ada.keyboard.press("Alt+ArrowDown")
    await ada.wait_for_url(re.compile(f"/rooms/{names[1]}$"))
    await ada.keyboard.press("Alt+ArrowUp")
    await ada.wait_for_url(re.compile(r"/rooms/general$"))


async def test_alt_shift_and_arrows_go_to_what_is_unread_only(visit: Visit) -> None:
    ada, grace = await visit("ada"), await visit("grace")
    one, other, third = [await new_room(ada, "grace") for _ in range(3)]
    for room in (one, third):
        await ada.goto(f"/rooms/{room}")
        await say(ada, "news")
    await grace.goto(f"/rooms/{other}")
    unread = grace.locator(f".unread[data-room={third}], .unread[data-room={one}]")
    await expect(unread).to_have_count(2)
    listed = await grace.locator(".room-link").evaluate_all("links => links.map(link => link.dataset.room)")
    news = [room for room in listed if await grace.locator(f".unread[data-room={room}]").count()]
    below = [room for room in news if listed.index(room) > listed.index(other)] or news
    await expect(grace.locator("#message")).to_be_focused()
    await grace.keyboard.press("Alt+Shift+ArrowDown")
    await grace.wait_for_url(f"**/rooms/{below[0]}")


async def test_the_list_is_one_stop_and_arrows_move_inside(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    for words in ("first", "second", "third"):
        await say(ada, words)
    await ada.focus("#timeline")
    await ada.keyboard.press("ArrowUp")
    await ada.keyboard.press("ArrowUp")
    assert await ada.evaluate("document.activeElement.dataset.index") == "2"
    await ada.keyboard.press("End")
    assert await ada.evaluate("document.activeElement.dataset.index") == "3"


async def test_a_message_taller_than_the_screen_is_entered_at_its_edge(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    await say(ada, "before it")
    tall = await say(ada, "\n".join(f"tall {n}" for n in range(120)))
    await say(ada, "after it")
    await ada.focus("#timeline")
    await ada.keyboard.press("End")
    await ada.keyboard.press("ArrowUp")
    await expect(tall).to_be_focused()
    log = await ada.locator("#timeline").bounding_box()
    edges = await tall.bounding_box()
    assert log is not None and edges is not None  # noqa: PT018
    assert log["y"] < edges["y"] + edges["height"] <= log["y"] + log["height"]
    await ada.keyboard.press("ArrowUp")
    await ada.keyboard.press("ArrowDown")
    edges = await tall.bounding_box()
    assert edges is not None
    assert log["y"] <= edges["y"] < log["y"] + log["height"]
    await ada.goto(f"/rooms/{room}/2")
    edges = await tall.bounding_box()
    assert edges is not None
    assert log["y"] <= edges["y"] < log["y"] + log["height"]


async def test_code_and_tables_are_stops_only_where_they_scroll(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    for block in (f"```\n{'x' * 300}\n```", f"```\n{'y' * 40}\n```", "| a table | b |\n| - | - |\n| 1 | 2 |"):
        await ada.fill("#message", block)
        await ada.press("#message", "Enter")
    blocks = ada.locator("#timeline :is(pre, .wide)")
    await expect(blocks).to_have_count(3)
    await ada.focus("#timeline")
    for at, is_stop in enumerate((True, False, False)):
        await expect(blocks.nth(at)).to_have_attribute("tabindex", "0" if is_stop else "-1")
    await has_no_fault(ada)
    await ada.set_viewport_size({"width": 280, "height": 600})
    await ada.press("#timeline", "End")
    await expect(blocks.nth(1)).to_have_attribute("tabindex", "0")


async def test_typing_anywhere_lands_in_the_message_box(visit: Visit) -> None:
    ada = await visit("ada", at="/rooms/general")
    await ada.focus("#timeline")
    await ada.keyboard.type("h")
    await expect(ada.locator("#message")).to_have_value("h")
    await ada.fill("#message", "")


async def test_every_tab_stop_is_seen(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    for words in ("first", "second", "third"):
        await say(ada, words)
    stops: list[str] = []
    await ada.focus(".skip >> nth=0")
    for _ in range(60 + await ada.locator(".room-link").count()):
        await ada.keyboard.press("Tab")
        stop = await ada.evaluate(STOP)
        if stop["name"] == "BODY" or stop["name"] in stops:
            break
        assert stop["hasRing"], stop
        assert stop["isOnTop"], stop
        stops.append(stop["name"])
    assert sum("timeline" in stop for stop in stops) == 1
    assert not any(".msg" in stop for stop in stops)
    assert len(stops) < 40 + await ada.locator(".room-link").count()


STOP = """() => {
  const node = document.activeElement;
  const box = node.getBoundingClientRect();
  const style = getComputedStyle(node);
  const parent = getComputedStyle(node.closest('.box') ?? node);
  const hit = document.elementFromPoint(
    Math.max(1, Math.min(innerWidth - 1, box.left + box.width / 2)),
    Math.max(1, Math.min(innerHeight - 1, box.top + box.height / 2)));
  const path = [];
  for (let at = node; at && at !== document.body; at = at.parentElement)
    path.push(at.tagName + (at.id ? '#' + at.id : '') + ':' + [...at.parentElement.children].indexOf(at));
  return {
    name: node === document.body ? 'BODY' : path.join(' ') + (node.classList.contains('msg') ? '.msg' : ''),
    hasRing: (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) || parent.boxShadow !== 'none',
    isOnTop: node.contains(hit) || hit?.contains(node) || (hit?.closest('label')?.contains(node) ?? false),
  };
}"""


async def test_keys_are_where_they_are_on_a_keyboard_of_another_script(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await ada.evaluate(
        """() => document.activeElement.dispatchEvent(
          new KeyboardEvent('keydown', { key: 'л', code: 'KeyK', ctrlKey: true, bubbles: true, cancelable: true }))"""
    )
    await expect(ada.locator("#switcher-input")).to_be_focused()


async def test_who_is_somewhere_already_stays_there_when_the_scripts_come(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    arrives = await hold(ada, "**/js/composer.js")
    await ada.goto(f"/rooms/{room}", wait_until="commit")
    await ada.focus("#search-here")
    arrives.set()
    await ada.evaluate(STANDS)
    await expect(ada.locator("#search-here")).to_be_focused()
