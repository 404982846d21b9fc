"""Who is here, on the pages of others: a shape for eyes and a word for ears, without a reload."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Final

from playwright.async_api import Locator, Page, expect

from tests.e2e.test_accessibility import has_no_fault
from tests.e2e.verbs import new_room, submit
from tests.support.server import PASSWORD, Server

Visit = Callable[..., Awaitable[Page]]

WORDS: Final = ".vh[data-presence=grace]"
HIDE: Final = "() => { Object.defineProperty(document, 'visibilityState', {get: () => window.__seen ?? 'hidden', "
FIRE: Final = "configurable: true}); document.dispatchEvent(new Event('visibilitychange')) }"


def dot(page: Page, within: str) -> Locator:
    return page.locator(f"{within} .dot[data-presence=grace]")


async def shows(page: Page, within: str, state: str) -> None:
    await expect(dot(page, within)).to_have_attribute("data-state", state)
    await expect(page.locator(f"{within} {WORDS}")).to_have_text(f", {state}")


async def test_a_page_shows_who_is_online_away_and_offline(visit: Visit) -> None:
    ada, grace = await visit("ada"), await visit("grace", at="/")
    slug = await new_room(ada, "grace")
    await ada.goto("/people")
    await ada.locator("li", has_text="@grace").get_by_role("button").click()
    await ada.wait_for_url("**/rooms/dm-*")
    for within in (".sidebar", ".roomhead"):
        await shows(ada, within, "online")
    await ada.goto(f"/rooms/{slug}")
    for within in (".sidebar", ".members"):
        await shows(ada, within, "online")
    await grace.clock.install()
    await grace.goto("/rooms")
    await grace.evaluate(HIDE + FIRE)
    await grace.clock.fast_forward(6_000)
    await shows(ada, ".members", "away")
    await grace.evaluate("() => { window.__seen = 'visible'; document.dispatchEvent(new Event('visibilitychange')) }")
    await shows(ada, ".members", "online")
    await grace.clock.fast_forward(301_000)
    await shows(ada, ".members", "away")
    await grace.mouse.move(30, 40)
    await shows(ada, ".members", "online")
    await grace.close()
    for within in (".sidebar", ".members"):
        await shows(ada, within, "offline")


async def test_without_javascript_it_is_as_of_when_the_page_was_made(visit: Visit) -> None:
    await visit("grace", at="/")
    lin = await visit("lin", at="/people")
    await shows(lin, "main", "online")
    ada = await visit("ada", java_script_enabled=False)
    await ada.goto("/people")
    await shows(ada, "main", "online")
    await ada.goto("/settings/profile")
    await ada.check("[name=presence][value=hidden]")
    await ada.click("main form[action='/settings/presence'] button")
    await expect(ada.locator("[name=presence][value=hidden]")).to_be_checked()
    await lin.reload()
    await expect(lin.locator("main .dot[data-presence=ada]")).to_have_attribute("data-state", "offline")
    await ada.check("[name=presence][value=shown]")
    await ada.click("main form[action='/settings/presence'] button")
    await expect(ada.locator("[name=presence][value=shown]")).to_be_checked()


async def test_who_hides_is_offline_on_every_page_at_once(visit: Visit, server: Server) -> None:
    ada, grace = await visit("ada", at="/people"), await visit("grace", at="/settings/profile")
    await shows(ada, "main", "online")
    await grace.check("[name=presence][value=hidden]")
    await grace.click("main form[action='/settings/presence'] button")
    await shows(ada, "main", "offline")
    await grace.check("[name=presence][value=shown]")
    await grace.click("main form[action='/settings/presence'] button")
    await shows(ada, "main", "online")


async def test_a_page_that_is_drawn_anew_shows_what_was_told(visit: Visit) -> None:
    """The lists come from the server again when a room is renamed; what was told meanwhile holds."""
    grace = await visit("grace", at="/")
    ada = await visit("ada")
    slug = await new_room(ada, "grace")
    await shows(ada, ".members", "online")
    other = await visit("ada", at=f"/rooms/{slug}/settings")
    await other.fill("[name=name]", f"{slug} anew")
    await other.click("main form[action$='/settings'] button")
    await expect(ada.locator(".roomhead h1")).to_contain_text("anew")
    await shows(ada, ".members", "online")
    await grace.close()
    await shows(ada, ".members", "offline")


async def test_a_page_in_the_back_forward_cache_is_nobody(visit: Visit) -> None:
    ada, grace = await visit("ada", at="/people"), await visit("grace", at="/")
    await shows(ada, "main", "online")
    await grace.goto("/ping")
    await shows(ada, "main", "offline")
    await grace.go_back()
    await shows(ada, "main", "online")


async def test_a_page_that_the_browser_freezes_is_nobody(visit: Visit) -> None:
    """The events are made by hand: a browser without a screen freezes nothing."""
    ada, grace = await visit("ada", at="/people"), await visit("grace", at="/")
    await shows(ada, "main", "online")
    await grace.evaluate("() => document.dispatchEvent(new Event('freeze'))")
    await shows(ada, "main", "offline")
    await grace.evaluate("() => document.dispatchEvent(new Event('resume'))")
    await shows(ada, "main", "online")


async def test_why_somebody_is_away_comes_and_goes_without_a_reload(visit: Visit) -> None:
    ada, grace = await visit("ada", at="/rooms/general"), await visit("grace", at="/people")
    await grace.locator("li", has_text="@ada").get_by_role("button").click()
    await grace.wait_for_url("**/rooms/dm-*")
    direct = await visit("ada", at=grace.url.removeprefix(await grace.evaluate("location.origin")))
    here = ada.locator(".members .status[data-presence=grace]"), direct.locator(".roomhead .status")
    for place in here:
        await expect(place).to_be_hidden()
    for line, status in (("/away at lunch", "at lunch"), ("/away until <b>Monday</b>", "until <b>Monday</b>")):
        await grace.fill("#message", line)
        await grace.press("#message", "Enter")
        for place in here:
            await expect(place).to_have_text(status)
            await expect(place).to_be_visible()
    await has_no_fault(direct)
    await grace.goto("/settings/profile")
    await grace.check("[name=presence][value=hidden]")
    await grace.click("main form[action='/settings/presence'] button")
    for place in here:
        await expect(place).to_be_hidden()
    await ada.reload()
    await expect(here[0]).to_be_hidden()
    await grace.check("[name=presence][value=shown]")
    await grace.click("main form[action='/settings/presence'] button")
    for place in here:
        await expect(place).to_have_text("until <b>Monday</b>")
    await grace.click("button[name=is_away][value='0']")
    for place in here:
        await expect(place).to_be_hidden()


async def test_nobody_is_away_because_of_what_their_name_means_to_a_browser(visit: Visit) -> None:
    """Every object of JavaScript has something called constructor."""
    lin = await visit("lin", at="/rooms/general")
    ada = (await visit("ada")).context
    made = await submit(ada, "/settings/invites", at="/settings/invites")
    (join,) = re.findall(r"/join/[\w-]+", await (await ada.request.get(made.headers["location"])).text())
    new = {"username": "constructor", "email": "constructor@example.org", "password": PASSWORD}
    await submit((await visit()).context, join, at=join, **new)
    await visit("constructor", at="/rooms/general")
    await lin.fill("#message", "/away at lunch")
    await lin.press("#message", "Enter")
    members = (await visit("ada", at="/rooms/general")).locator(".members")
    await expect(members.locator(".status[data-presence=lin]")).to_have_text("at lunch")
    # What is told of a change comes after what is told of everybody.
    await lin.fill("#message", "/back")
    await lin.press("#message", "Enter")
    await expect(members.locator(".status[data-presence=lin]")).to_have_text("")
    await expect(members.locator(".status[data-presence=constructor]")).to_have_text("")
