"""The whole way from login to post and logout with scripts switched off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from playwright.async_api import FilePayload, Page, expect

from tests.e2e.verbs import new_room, row, rows, sends, submit
from tests.support.pictures import picture
from tests.support.server import PASSWORD, Server

Visit = Callable[..., Awaitable[Page]]
PAGE = 50


async def test_log_in_read_post_and_log_out(visit: Visit) -> None:
    page = await visit("ada", java_script_enabled=False)
    room = await new_room(page)
    widths = await page.eval_on_selector_all("#message, #composer .box", "all => all.map(each => each.clientWidth)")
    assert widths[1] > 0.8 * widths[0], widths
    assert await page.eval_on_selector("#unstarted", "note => getComputedStyle(note).display") == "none"
    await page.fill("#message", "posted by a form")
    await page.click("#composer .send")
    await expect(row(page, "posted by a form")).to_have_count(1)
    await expect(row(page, "posted by a form").locator(".you")).to_be_visible()
    await page.goto("/settings/profile")
    await sends(page, "main form[action='/logout'] button")
    await page.goto(f"/rooms/{room}")
    assert "/login" in page.url


async def test_who_was_logged_out_meanwhile_is_told_that_nothing_was_taken(visit: Visit) -> None:
    page = await visit("ada", java_script_enabled=False)
    room = await new_room(page)
    await page.fill("#message", "too late")
    elsewhere = await visit("ada")
    await submit(elsewhere.context, "/settings/sessions/end-others", at="/settings/sessions")
    await page.click("#composer .send")
    await expect(page.locator("main [role=status]")).to_have_text(
        "You have been logged out. What you sent was not taken."
    )
    await page.fill("[name=username]", "ada")
    await page.fill("[name=password]", PASSWORD)
    await page.press("[name=password]", "Enter")
    await page.wait_for_url(f"**/rooms/{room}")


async def test_sending_the_same_form_twice_makes_one_message(visit: Visit, server: Server) -> None:
    page = await visit("ada", java_script_enabled=False)
    await new_room(page)
    fields = await page.eval_on_selector("#composer", "form => Object.fromEntries(new FormData(form))")
    path = await page.get_attribute("#composer", "action") or ""
    for _ in range(2):
        form = {name: str(value) for name, value in fields.items() if name != "file"}
        answer = await page.request.post(path, form={**form, "content": "once"}, headers={"Origin": server.url})
        assert answer.ok
    await page.reload()
    await expect(row(page, "once")).to_have_count(1)


async def test_older_messages_are_a_link_away(visit: Visit, server: Server) -> None:
    page = await visit("ada", java_script_enabled=False)
    at = f"/rooms/{await new_room(page)}"
    for number in range(PAGE + 5):
        await submit(page.context, f"{at}/messages", at=at, content=f"number {number}.")
    await page.reload()
    await expect(rows(page)).to_have_count(PAGE)
    # Browsers that know no other way bring what has the focus into sight.
    await expect(page.get_by_role("link", name="Check for new messages")).to_be_focused()
    await expect(row(page, f"number {PAGE + 4}.")).to_be_in_viewport()
    await page.goto(f"{at}/20")
    await expect(row(page, "number 19.")).to_be_focused()
    await page.goto(at)
    await page.click("#older")
    await expect(row(page, "number 0.")).to_have_count(1)
    await expect(page.locator("#beginning")).to_be_visible()


async def test_what_was_read_is_said_with_a_button(visit: Visit, server: Server) -> None:
    ada = await visit("ada", java_script_enabled=False)
    room = await new_room(ada, "grace")
    await ada.fill("#message", "read me")
    await sends(ada, "#composer .send")
    grace = await visit("grace", java_script_enabled=False, at=f"/rooms/{room}")
    count = grace.locator(f'.room-link[data-room="{room}"] .count')
    await expect(count).to_contain_text("1")
    await expect(grace.locator("#new-line")).to_be_visible()
    await grace.click("form.mark-read button")
    await expect(count).to_be_hidden()


async def test_several_files_are_sent_and_described_by_forms(visit: Visit) -> None:
    page = await visit("ada", java_script_enabled=False)
    await new_room(page)
    files: list[FilePayload] = [
        {"name": f"{n}.png", "mimeType": "image/png", "buffer": picture(60, n)} for n in (40, 50)
    ]
    files.append({"name": "notes.txt", "mimeType": "text/plain", "buffer": b"hello"})
    await page.get_by_label("What pictures show").fill("Two blue sheets")
    await page.get_by_label("Files, up to 25 MiB each").set_input_files(files)
    await page.click("#composer .send")
    await expect(rows(page).locator("img")).to_have_count(2)
    for drawn in await rows(page).locator("img").all():
        await expect(drawn).to_have_attribute("alt", "Two blue sheets")
    await expect(rows(page).locator(".file-name")).to_have_text("notes.txt")
    await page.goto(f"{page.url.partition('#')[0]}/1")
    await page.get_by_role("link", name="Edit").click()
    await page.get_by_label("What does 50.png show?").fill("The second of them")
    await page.get_by_role("button", name="Save").click()
    drawn = rows(page).locator("img")
    await expect(drawn.first).to_have_attribute("alt", "Two blue sheets")
    await expect(drawn.last).to_have_attribute("alt", "The second of them")
