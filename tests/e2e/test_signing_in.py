"""The ways in, as they are seen: what is wrong is said where it is, and what there is to read is there at once."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Page, expect

from tests.e2e.test_accounts import SUBMIT, fill
from tests.e2e.verbs import row, say
from tests.support.server import PASSWORD, Server

Visit = Callable[..., Awaitable[Page]]
DESCRIBED = """field => (field.getAttribute('aria-describedby') ?? '').split(' ')
  .map(id => document.getElementById(id)?.textContent ?? '').join(' ')"""


async def test_who_logs_in_reads_before_there_is_a_connection(visit: Visit, server: Server) -> None:
    ada = await visit("ada", at="/rooms/general")
    await say(ada, "said before grace came")
    grace = await visit(at="/login")
    # No socket says anything.
    await grace.route_web_socket(re.compile("/ws$"), lambda _route: None)
    await fill(grace, username="grace", password=PASSWORD)
    await expect(grace).to_have_url(f"{server.url}/rooms/general")
    await expect(row(grace, "said before grace came")).to_be_in_viewport()
    await expect(grace.get_by_role("log")).to_be_visible()


async def test_a_wrong_password_is_said_and_only_it_is_asked_for_again(visit: Visit) -> None:
    page = await visit(at="/login")
    async with page.expect_response(lambda response: response.request.method == "POST") as answer:
        await fill(page, username="grace", password="not what it is")
    assert (await answer.value).status == 401
    await expect(page.locator("[role=alert]")).to_have_count(1)
    await expect(page.locator("[name=username]")).to_have_value("grace")
    await expect(page.locator("[name=password]")).to_have_value("")
    await expect(page.locator("[name=password]")).to_be_focused()
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page).to_have_url(re.compile("/rooms/"))


async def test_an_invitation_is_filled_in_and_what_is_wrong_is_said_at_its_field(visit: Visit, tmp_path: Path) -> None:
    server = Server(tmp_path / "data")
    await server.add_person("ada", is_admin=True)
    await server.start()
    try:
        ada = await visit("ada", to=server, at="/settings/invites")
        await ada.click(SUBMIT)
        page = await visit(to=server, at=await ada.locator("input[readonly]").input_value())
        # Without the browser's own word on it: the server's is what is looked at.
        await page.eval_on_selector("main form", "form => { form.noValidate = true; }")
        await fill(page, username="A", display_name="New Comer", email="not-an-address", password="short")
        wrong = page.locator("[aria-invalid=true]")
        assert await wrong.evaluate_all("all => all.map(({ name }) => name)") == ["username", "email", "password"]
        for field in await wrong.all():
            assert "error" in (await field.get_attribute("aria-describedby") or "")
            assert (await field.evaluate(DESCRIBED)).strip()
        await expect(wrong.first).to_be_focused()
        await expect(page.locator("[name=display_name]")).to_have_value("New Comer")
        await fill(page, username="newcomer", email="new@example.org", password="a long enough password")
        await expect(page).to_have_url(f"{server.url}/rooms/general")
        # Nothing of the page is on its way any more when the server goes.
        await say(page, "hello")
    finally:
        await server.kill()


async def test_what_fills_in_a_form_by_itself_presses_no_key(visit: Visit) -> None:
    """Browsers tell of it by an event of the keyboard that has no key; the guard of the page sees what fails."""
    page = await visit(at="/login")
    field = page.locator("[name=password]")
    await field.evaluate("field => field.dispatchEvent(new Event('keydown', { bubbles: true }))")
    await page.locator("[data-show]").click()
    await expect(field).to_have_attribute("type", "text")
