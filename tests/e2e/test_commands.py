"""Lines that begin with a slash, in the message box of a browser."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from playwright.async_api import Locator, Page, expect

from tests.e2e.verbs import Wire, new_room, row, rows, say

Visit = Callable[..., Awaitable[Page]]
BOX = "#message"
IN_ONE_LINE = """row => {
  const [name, words] = [".who", ".bd"].map(part => row.querySelector(part).getBoundingClientRect());
  return name.right <= words.left && Math.abs(name.bottom - words.bottom) < name.height / 2;
}"""


async def types(page: Page, line: str) -> None:
    await page.fill(BOX, line)
    await page.press(BOX, "Enter")


async def test_what_one_does_is_drawn_alike_live_and_from_the_server(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await say(ada, "first")
    await types(ada, "/me waves")
    waving = row(ada, "waves")
    await expect(waving).to_have_class(re.compile(r"\baction\b"))
    await expect(waving).to_have_class(re.compile(r"\bfirst\b"))
    await reads_as_a_sentence(waving)
    await expect(ada.locator(BOX)).to_have_value("")
    await expect(rows(ada)).to_have_count(2)
    await ada.reload()
    await expect(waving).to_have_class(re.compile(r"\bfirst\b.*\baction\b"))
    await reads_as_a_sentence(waving)


async def reads_as_a_sentence(waving: Locator) -> None:
    """``* Ada Okafor waves``: the name once; whose it is, where names are alike, is told to who asks."""
    assert await waving.evaluate(IN_ONE_LINE)
    assert (await waving.inner_text()).split("\n")[0].strip() == "Ada Okafor"
    for gone in (".handle", ".you", ".av", ".hd time"):
        await expect(waving.locator(gone)).to_be_hidden()
    assert await waving.locator(".who").evaluate("who => getComputedStyle(who, '::before').content") == '"* "'
    await expect(waving.locator(".who")).to_have_attribute("title", "@ada")
    await expect(waving).to_have_attribute("aria-label", re.compile(r"^Ada Okafor @ada, "))


async def test_what_was_done_is_said_and_gone_with_the_next_letter(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await types(ada, "/topic Lunch at noon")
    await expect(ada.locator(".said")).to_have_text("The topic is changed.")
    await expect(ada.locator(".said")).to_have_role("status")
    await expect(rows(ada)).to_have_count(0)
    await ada.type(BOX, "x")
    await expect(ada.locator(".said")).to_be_hidden()


async def test_a_command_that_there_is_not_leaves_the_text(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await types(ada, "/nonsense at all")
    await expect(ada.locator(".said")).to_contain_text("/nonsense")
    await expect(ada.locator(BOX)).to_have_value("/nonsense at all")
    await expect(rows(ada)).to_have_count(0)
    await types(ada, "//nonsense at all")
    await expect(row(ada, "/nonsense at all")).to_have_count(1)
    await expect(row(ada, "//nonsense")).to_have_count(0)


async def test_a_line_that_leads_elsewhere_leaves_no_draft(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada)
    await types(ada, "/help")
    await expect(ada).to_have_url(re.compile("/commands$"))
    await ada.goto(f"/rooms/{room}")
    await expect(ada.locator(BOX)).to_have_value("")


async def test_a_line_typed_before_there_is_a_connection_goes_out_with_it(visit: Visit) -> None:
    ada, wire = await visit("ada"), Wire()
    await wire.hold(ada)
    wire.is_cut = True
    await new_room(ada)
    await types(ada, "/topic Lunch at noon")
    await expect(ada.locator(".said")).to_have_text("Not sent yet. It goes out when the connection is back.")
    await types(ada, "/topic Lunch at one")
    await ada.press(BOX, "Enter")
    wire.is_cut = False
    await expect(ada.locator(".said")).to_have_text("The topic is changed.")
    await expect(ada.locator(".roomhead .topic")).to_have_text("Lunch at one")
    await expect(ada.locator(BOX)).to_have_value("")


async def test_without_an_answer_the_text_stays_and_is_done_once(visit: Visit) -> None:
    ada = await visit("ada")
    wire = Wire()
    await wire.hold(ada)
    await new_room(ada)
    await say(ada, "first")
    await ada.clock.install()
    wire.swallows = "runCommand"
    await types(ada, "/me waves")
    await ada.clock.run_for(30_000)
    await expect(ada.locator(".said.bad")).to_be_visible()
    await expect(ada.locator(BOX)).to_have_value("/me waves")
    wire.swallows = None
    await ada.press(BOX, "Enter")
    await expect(row(ada, "waves")).to_have_count(1)
    await expect(ada.locator(BOX)).to_have_value("")


async def test_nobody_is_told_that_a_command_is_typed(visit: Visit) -> None:
    ada, grace = await visit("ada"), await visit("grace")
    room = await new_room(ada, "grace")
    await grace.goto(f"/rooms/{room}")
    await ada.type(BOX, "/topic Lunch")
    await say(ada, "first")
    await expect(row(grace, "first")).to_have_count(1)
    await expect(grace.locator("#typing")).to_be_empty()


async def test_lines_that_wait_leave_nothing_behind(visit: Visit) -> None:
    ada, wire = await visit("ada"), Wire()
    await wire.hold(ada)
    wire.is_cut = True
    await new_room(ada)
    url = await ada.locator("script[type=module][src]").first.get_attribute("src")
    await ada.evaluate(
        """async url => {
          const { Connection } = await import(new URL('socket.js', new URL(url, location)).href);
          const { on } = Connection.prototype;
          window.heard = 0;
          Connection.prototype.on = function (event, listener) {
            heard += event === 'hello';
            on.call(this, event, listener);
          };
        }""",
        url,
    )
    for topic in ("one", "two", "three"):
        await types(ada, f"/topic {topic}")
        await expect(ada.locator(".said")).to_have_text("Not sent yet. It goes out when the connection is back.")
    wire.is_cut = False
    await expect(ada.locator(".said")).to_have_text("The topic is changed.")
    await expect(ada.locator(".roomhead .topic")).to_have_text("three")
    assert await ada.evaluate("heard") == 1
