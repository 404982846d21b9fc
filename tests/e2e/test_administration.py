"""An administrator shuts somebody out and lets them back in, without scripts, while they are in a room."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Final

import pytest_asyncio
from playwright.async_api import Page, expect

from tests.e2e.test_accessibility import has_no_fault
from tests.support.browser import NARROW
from tests.support.server import Server

Visit = Callable[..., Awaitable[Page]]

# As Safari lets a page copy: not once the click has gone by, be it for a script that is fetched.
WITHIN_THE_CLICK: Final = """
  const copy = Document.prototype.execCommand;
  Document.prototype.execCommand = function (...what) {
    return window.event?.type === 'click' && copy.apply(this, what);
  };
"""


@pytest_asyncio.fixture(loop_scope="session")
async def ours(tmp_path: Path) -> AsyncIterator[Server]:
    """A server of one's own: what is done to accounts here is nobody else's."""
    running = Server(tmp_path / "data", LIMITS="off")
    await running.add_person("ada", display_name="Ada Okafor", is_admin=True)
    await running.add_person("lin", display_name="林晓" * 20)
    await running.start()
    try:
        yield running
    finally:
        await running.kill()


async def test_somebody_is_shut_out_at_once_and_let_in_again_without_scripts(visit: Visit, ours: Server) -> None:
    lin = await visit("lin", to=ours, at="/rooms/general")
    ada = await visit("ada", to=ours, at="/admin/users", java_script_enabled=False, viewport=NARROW)
    row = ada.locator("tbody tr", has_text="@lin")
    await row.get_by_role("link", name="Edit").click()
    # The box stands before the button: unticked, the browser does not send it.
    await ada.get_by_role("button", name="Disable the account").click()
    await expect(ada.locator("dd .tag")).to_have_text("active")
    await ada.get_by_role("checkbox").check()
    await ada.get_by_role("button", name="Disable the account").click()
    await expect(ada.get_by_text("The account is disabled.")).to_be_visible()
    await expect(lin).to_have_url(re.compile("/login"))
    await lin.goto("/rooms/general")
    await expect(lin).to_have_url(re.compile("/login"))
    await ada.goto("/admin/users?q=lin")
    await expect(row.locator(".tag")).to_have_text("disabled")
    await row.get_by_role("link", name="Edit").click()
    await ada.get_by_role("button", name="Enable the account").click()
    await expect(ada.locator("dd .tag")).to_have_text("active")
    await expect((await visit("lin", to=ours, at="/rooms/general")).locator("#message")).to_be_focused()


async def test_accounts_in_every_state_have_no_fault(visit: Visit, ours: Server) -> None:
    ada = await visit("ada", to=ours, at="/admin/users/lin")
    await ada.eval_on_selector("form[action$='/disable']", "form => form.noValidate = true")
    await ada.get_by_role("button", name="Disable the account").click()
    await expect(ada.locator("[aria-invalid=true]")).to_be_visible()
    await has_no_fault(ada)
    await ada.get_by_role("checkbox").check()
    await ada.get_by_role("button", name="Disable the account").click()
    await expect(ada.locator("dd .tag")).to_have_text("disabled")
    for path in ("/admin/users/lin", "/admin/users"):
        await ada.goto(path)
        await has_no_fault(ada)


async def test_an_invite_link_is_copied_without_https_too(visit: Visit, ours: Server) -> None:
    page = await visit("ada", to=ours)
    await page.context.add_init_script("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    await page.context.add_init_script(WITHIN_THE_CLICK)
    await page.goto("/settings/invites")
    await page.get_by_role("button", name="Make an invite link").click()
    link = await page.input_value("#invite-link")
    await page.get_by_role("button", name="Copy").click()
    await expect(page.get_by_role("button", name="Copied")).to_be_visible()
    await page.goto("/rooms/general")
    await page.press("#message", "Control+V")
    await expect(page.locator("#message")).to_have_value(link)
    await expect(page.locator("#completion")).to_be_attached()  # what a colon fetches is not cut off by the end


async def test_a_button_that_is_pressed_twice_says_again_what_it_does(visit: Visit, ours: Server) -> None:
    page = await visit("ada", to=ours, at="/settings/invites")
    await page.get_by_role("button", name="Make an invite link").click()
    await page.clock.install()
    for name in ("Copy", "Copied"):
        await page.get_by_role("button", name=name).click()
        assert await page.evaluate("fetch('/ping').then(answer => answer.ok)")
    await page.clock.run_for(10_000)
    await expect(page.get_by_role("button", name="Copy", exact=True)).to_be_visible()
