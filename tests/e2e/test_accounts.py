"""From a stranger to a member and back, by the links that a server without a mail server prints."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect

from tests.e2e.verbs import comes_true, goes_back, say
from tests.support.server import PASSWORD, Server

Visit = Callable[..., Awaitable[Page]]
SUBMIT = "main form button:not([type=button])"


async def printed(server: Server, kind: str) -> str:
    """The path of the newest link of that kind on the console."""
    async with asyncio.timeout(10):
        while True:
            found = re.findall(rf"http\S+/{kind}/\S+", "\n".join(server.output))
            if found:
                return str(urlsplit(found[-1]).path)
            await asyncio.sleep(0.05)


async def fill(page: Page, **fields: str) -> None:
    for name, value in fields.items():
        await page.fill(f"[name={name}]", value)
    await page.click(SUBMIT)


async def test_a_stranger_registers_confirms_the_address_and_is_in(visit: Visit, tmp_path: Path) -> None:
    server = Server(tmp_path / "data", REGISTRATION="open")
    await server.add_person("ada", is_admin=True)
    await server.start()
    try:
        page = await visit(to=server, at="/register")
        await fill(page, username="newcomer", email="newcomer@example.org", password="a long enough password")
        await expect(page).to_have_url(f"{server.url}/verify")
        for path in ("/", "/rooms/general", "/settings/profile"):
            await page.goto(path)
            await expect(page).to_have_url(f"{server.url}/verify")
        await page.goto(await printed(server, "verify"))
        await page.click(SUBMIT)
        await expect(page).to_have_url(f"{server.url}/rooms/general")
        await say(page, "hello from outside")
    finally:
        await server.kill()


async def test_a_forgotten_password_is_set_anew_and_ends_other_sessions(visit: Visit, tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    await server.add_person("ada", is_admin=True)
    await server.start()
    try:
        elsewhere = await visit("ada", to=server, at="/rooms/general")
        page = await visit(to=server, at="/login")
        await page.click("a[href='/forgot']")
        await fill(page, email="ada@example.org")
        await page.goto(await printed(server, "reset"))
        await fill(page, password="a brand new password")
        await expect(page).to_have_url(f"{server.url}/rooms/general")
        await expect(elsewhere.locator("main [role=status]")).to_have_text("You have been logged out.")
        await page.context.clear_cookies()
        await page.goto("/login")
        await fill(page, username="ada", password=PASSWORD)
        await expect(page.locator("[role=alert]")).to_be_visible()
        await expect(page.locator("[name=username]")).to_have_value("ada")
        await fill(page, username="ada@example.org", password="a brand new password")
        await expect(page).to_have_url(f"{server.url}/rooms/general")
    finally:
        await server.kill()


async def test_login_leads_to_where_one_wanted_to_go(visit: Visit, server: Server) -> None:
    page = await visit(at="/settings/tokens")
    await fill(page, username="grace", password=PASSWORD)
    await expect(page).to_have_url(f"{server.url}/settings/tokens")
    other = await visit(at="/login?next=//evil.example")
    await fill(other, username="grace", password=PASSWORD)
    await expect(other).to_have_url(re.compile(rf"^{re.escape(server.url)}/rooms/"))


async def test_a_token_is_shown_once_works_and_is_revoked(visit: Visit, server: Server) -> None:
    page = await visit("grace", at="/settings/tokens")
    await page.fill("main [name=name]", "from the page")
    await page.click("main form[action='/settings/tokens'] button:not([type=button])")
    secret = await page.locator("input[readonly]").input_value()
    assert secret.startswith("chat_personal_")
    bearer = {"Authorization": f"Bearer {secret}"}
    assert (await page.request.get("/api/v1/me", headers=bearer)).status == 200
    await page.reload()
    assert secret not in await page.content()
    await page.locator("tr", has_text="from the page").locator("button").click()
    await expect(page.locator("tr", has_text="from the page")).to_have_count(0)
    await page.context.clear_cookies()
    assert (await page.request.get("/api/v1/me", headers=bearer)).status == 401


async def test_back_after_a_logout_shows_nothing(visit: Visit, server: Server) -> None:
    page = await visit("grace", at="/rooms/general")
    await page.goto("/settings/profile")
    await page.click("main form[action='/logout'] button")
    await page.wait_for_url("**/login")
    for _ in range(2):
        async with page.expect_event("load"):
            await goes_back(page)
        await expect(page).to_have_url(re.compile("/login"))
        await expect(page.locator("#timeline")).to_have_count(0)


@pytest.mark.parametrize("way", ["/settings/profile", "/rooms/general"])
async def test_a_logout_leaves_no_words_in_the_browser(visit: Visit, way: str) -> None:
    page = await visit("grace", at="/rooms/general")
    await page.fill("#message", "half a thought")
    await comes_true(page, "Object.keys(localStorage).some((key) => key.startsWith('draft:grace:'))")
    await page.goto(way)
    # Not before it is done.
    await page.route("**/logout", lambda route: route.fulfill(content_type="text/html", body="Wi-Fi"), times=1)
    tab = await page.context.new_page()
    await tab.goto("/rooms/general")
    async with page.expect_event("load"):
        await page.locator("form[action='/logout']").last.evaluate("form => form.requestSubmit()")
    await page.goto(way)
    await expect(tab.locator("#message")).to_have_value("half a thought")
    # The last one on the page: the settings have a button of their own beside that of the menu.
    await page.locator("form[action='/logout']").last.evaluate("form => form.requestSubmit()")
    await page.wait_for_url("**/login")
    await comes_true(page, "!/grace|thought/.test(JSON.stringify(localStorage))")


async def test_a_logout_leaves_no_words_in_a_browser_that_is_full(visit: Visit) -> None:
    page = await visit("grace", at="/rooms/general")
    await page.fill("#message", "half a thought")
    await comes_true(page, "Object.keys(localStorage).some((key) => key.startsWith('draft:grace:'))")
    await page.evaluate(
        """() => {
          for (let size = 2 ** 22; size >= 1;) {
            try { localStorage.setItem(`other:${Math.random()}`, "x".repeat(size)); } catch { size = size / 2; }
          }
        }"""
    )
    await page.locator("form[action='/logout']").last.evaluate("form => form.requestSubmit()")
    await page.wait_for_url("**/login")
    await comes_true(page, "!/grace|thought/.test(JSON.stringify(localStorage))")
