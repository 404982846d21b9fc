"""Files in the page: chosen, pasted, dropped; progress, cancelling, limits; pictures that can be looked at."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest
from playwright.async_api import Locator, Page, expect

from tests.e2e.test_accessibility import WIDTHS, has_no_fault
from tests.e2e.verbs import NOTES, attach, new_room, rows
from tests.support.pictures import picture
from tests.support.server import Server

Visit = Callable[..., Awaitable[Page]]

PASTE: Final = """async base64 => {
  const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
  await navigator.clipboard.write([new ClipboardItem({"image/png": new Blob([bytes], {type: "image/png"})})]);
}"""


def image(name: str = "sheet.png", **more: Any) -> Any:
    return {"name": name, "mimeType": "image/png", "buffer": picture(**more)}


async def chooses(page: Page, *files: Any) -> Locator:
    """Through the button; the files as they stand over the message box."""
    await attach(page, *files)
    chosen = page.locator(".chosen")
    await expect(chosen).not_to_have_count(0)
    return chosen


async def sent(page: Page, count: int = 1) -> Locator:
    """The last message, stored."""
    await expect(rows(page)).to_have_count(count)
    await expect(rows(page).last).to_have_attribute("data-index", re.compile(r"\d+"))
    return rows(page).last


async def test_a_file_is_chosen_and_sent_with_words(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    await chooses(page, NOTES)
    await expect(page.locator(".chosen .file-about")).to_have_text("TXT, 5 B")
    await page.fill("#message", "Here they are")
    await page.press("#message", "Enter")
    written = await sent(page)
    await expect(written.locator(".bd")).to_have_text("Here they are")
    await expect(written.locator(".file-name")).to_have_text("notes.txt")
    await expect(page.locator(".chosen")).to_have_count(0)
    async with page.expect_download() as found:
        await written.locator("a.file").click()
    assert (await (await found.value).path()).read_bytes() == b"hello"


async def test_pictures_are_described_and_reserve_their_place(visit: Visit) -> None:
    page, other = await visit("ada"), await visit("grace")
    slug = await new_room(page, "grace")
    await other.goto(f"/rooms/{slug}")
    await chooses(page, image(width=1200, height=600), image("small.png", width=30, height=20))
    await page.get_by_label("What does sheet.png show?").fill("A blue sheet")
    await page.get_by_label("What does sheet.png show?").press("Enter")
    for reader in (page, other):
        written = await sent(reader)
        drawn = written.locator("img")
        await expect(drawn).to_have_count(2)
        await expect(drawn.first).to_have_attribute("alt", "A blue sheet")
        await expect(drawn.last).to_have_attribute("alt", "small.png")
        sizes = await drawn.evaluate_all("found => found.map(each => [each.width, each.height])")
        assert sizes == [[240, 120], [30, 24]]  # none is too small to be hit
    here, there = [await each.locator(".files").inner_html() for each in (rows(page), rows(other))]
    assert here == there
    await other.reload()
    assert _plain(await rows(other).locator(".files").inner_html()) == _plain(here)


def _plain(markup: str) -> str:
    return re.sub(r' tabindex="-?\d"|\s+', "", markup)


async def test_several_pictures_stand_side_by_side(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    await chooses(page, image("one.png"), image("two.png", colour="gold"))
    await page.press("#message", "Enter")
    drawn = (await sent(page)).locator("img")
    first, second = await drawn.evaluate_all("all => all.map(each => each.getBoundingClientRect().top)")
    assert first == second


async def test_a_picture_is_pasted(visit: Visit, server: Server) -> None:
    import base64

    page = await visit("ada", permissions=["clipboard-read", "clipboard-write"])
    await new_room(page)
    await page.evaluate(PASTE, base64.b64encode(picture(64, 48)).decode())
    await page.press("#message", "Control+V")
    await expect(page.locator(".chosen img")).to_have_count(1)
    await page.press("#message", "Enter")
    await expect((await sent(page)).locator("img")).to_have_attribute("width", "64")


async def test_files_are_dropped_anywhere_on_the_page(visit: Visit, tmp_path: Path) -> None:
    page = await visit("ada")
    await new_room(page)
    paths = []
    for name in ("one.txt", "two.txt"):
        (tmp_path / name).write_text(name)
        paths.append(str(tmp_path / name))
    # By then the page hears what is dragged over it.
    await expect(page.locator("#message")).to_be_focused()
    session = await page.context.new_cdp_session(page)
    data = {"items": [], "files": paths, "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver"):
        await session.send("Input.dispatchDragEvent", {"type": kind, "x": 700, "y": 200, "data": data})
    await expect(page.locator("#dropping")).to_be_visible()
    await session.send("Input.dispatchDragEvent", {"type": "drop", "x": 700, "y": 200, "data": data})
    await expect(page.locator("#dropping")).to_be_hidden()
    await expect(page.locator(".chosen")).to_have_count(2)
    await page.press("#message", "Enter")
    await expect((await sent(page)).locator(".file-name")).to_have_text(["one.txt", "two.txt"])


async def test_progress_moves_and_what_is_taken_back_is_not_sent(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    session = await page.context.new_cdp_session(page)
    slow = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 200_000}
    await session.send("Network.emulateNetworkConditions", slow)
    big = {"name": "big.bin", "mimeType": "", "buffer": b"x" * 2_000_000}
    await chooses(page, big, NOTES)
    seen: set[float] = set()
    bar = page.locator(".chosen progress").first
    while len(seen) < 4:
        seen.add(await bar.evaluate("bar => bar.value"))
    # Sending waits for what is on its way.
    await page.press("#message", "Enter")
    await expect(rows(page)).to_have_count(0)
    await page.get_by_role("button", name="Remove big.bin").click()
    await expect((await sent(page)).locator(".file-name")).to_have_text(["notes.txt"])


async def test_what_is_too_large_is_told_before_a_byte_is_sent(visit: Visit, server: Server) -> None:
    page = await visit("ada")
    await new_room(page)
    # By then the page hears what is dragged over it.
    await expect(page.locator("#message")).to_be_focused()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/api/v1/files" in request.url else None)
    await page.evaluate(
        """() => {
          const files = new DataTransfer();
          files.items.add(new File([new Uint8Array(26214401)], "huge.bin"));
          files.items.add(new File([], "empty.txt"));
          const event = new DragEvent("drop", {dataTransfer: files, bubbles: true, cancelable: true});
          document.body.dispatchEvent(event);
        }"""
    )
    about = page.locator(".chosen .file-about")
    await expect(about).to_have_text(["A file may have 25 MiB; this one has more.", "This file is empty."])
    assert asked == []
    await expect(page.locator("#announcer")).to_have_text(re.compile(r"^huge\.bin: A file may .+ empty\.txt: This"))
    await page.fill("#message", "words")
    await page.press("#message", "Enter")
    await expect(page.locator("#message")).to_have_value("words")
    await expect(page.locator(".tray-note")).to_have_text("Not sent: a file failed. Remove it, or try it again.")
    for name in ("huge.bin", "empty.txt"):
        await page.get_by_role("button", name=f"Remove {name}").click()
    await expect(page.locator(".tray-note")).to_have_count(0)
    await page.press("#message", "Enter")
    await sent(page)


async def test_more_files_than_a_message_takes_are_left_out_and_that_is_said(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    await chooses(page, *({**NOTES, "name": f"{n}.txt"} for n in range(12)))
    await expect(page.locator(".chosen")).to_have_count(10)
    await expect(page.locator(".tray-note")).to_have_text("A message takes 10 files at most.")


async def test_an_interrupted_upload_can_be_tried_again(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    await page.route("**/api/v1/files*", lambda route: route.abort())
    await chooses(page, NOTES)
    await expect(page.locator(".chosen .file-about")).to_have_text("The upload was interrupted.")
    await page.unroute("**/api/v1/files*")
    await page.get_by_role("button", name="Retry").click()
    await expect(page.locator(".chosen .file-about")).to_have_text("TXT, 5 B")
    await page.press("#message", "Enter")
    await sent(page)


async def test_a_picture_opens_and_gives_the_focus_back(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    await chooses(page, image("first.png"), image("second.png", colour="tomato"))
    await expect(page.locator(".chosen img")).to_have_count(2)
    await page.press("#message", "Enter")
    written = await sent(page)
    await written.locator("a.picture").first.click()
    box = page.get_by_role("dialog", name="Picture")
    await expect(box).to_be_visible()
    await expect(box.get_by_role("status")).to_have_text("first.png")
    await expect(box.locator('[data-step="-1"]')).to_be_disabled()
    await page.keyboard.press("ArrowRight")
    await expect(box.locator(".lightbox-name")).to_have_text("second.png")
    await page.keyboard.press("ArrowRight")
    await expect(box.locator(".lightbox-name")).to_have_text("second.png")
    assert await box.locator("img").evaluate("async image => (await image.decode(), image.naturalWidth)") == 640
    await page.keyboard.press("Escape")
    await expect(box).to_be_hidden()
    await expect(written.locator("a.picture").last).to_be_focused()


async def test_the_words_over_a_file_can_be_taken_away(visit: Visit) -> None:
    page = await visit("ada")
    await new_room(page)
    await chooses(page, NOTES)
    await page.fill("#message", "Here they are")
    await page.press("#message", "Enter")
    written = await sent(page)
    await written.focus()
    await page.keyboard.press("e")
    await page.fill(".editor textarea", "")
    await page.press(".editor textarea", "Enter")
    await expect(page.locator(".editor")).to_have_count(0)
    await expect(written.locator(".bd")).to_have_text("")
    await expect(written.locator(".file-name")).to_have_text("notes.txt")
    await page.goto(f"{page.url}/1/edit")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#timeline")).to_be_visible()
    await expect(written.locator(".file-name")).to_have_text("notes.txt")


async def test_what_pictures_show_is_said_anew_where_the_message_is_edited(visit: Visit) -> None:
    page, other = await visit("ada"), await visit("grace")
    slug = await new_room(page, "grace")
    await other.goto(f"/rooms/{slug}")
    await chooses(page, image("first.png"), image("second.png", colour="tomato"), NOTES)
    await expect(page.locator(".chosen img")).to_have_count(2)
    await page.press("#message", "Enter")
    written = await sent(page)
    await written.focus()
    await page.keyboard.press("e")
    await expect(page.locator(".described")).to_have_count(2)
    await has_no_fault(page)
    await page.get_by_label("What does second.png show?").fill("A red sheet")
    await page.reload()
    await written.get_by_role("button", name="Go on").press("Enter")
    await expect(page.get_by_label("What does second.png show?")).to_have_value("A red sheet")
    await page.get_by_label("What does second.png show?").press("Enter")
    await expect(page.locator(".editor")).to_have_count(0)
    for reader in (page, other):
        await expect(rows(reader).last.locator("img").last).to_have_attribute("alt", "A red sheet")
        await expect(rows(reader).last.locator(".edited")).to_be_hidden()
    await expect(written).to_be_focused()
    await page.keyboard.press("e")
    await expect(page.get_by_label("What does second.png show?")).to_have_value("A red sheet")
    await page.keyboard.press("Escape")
    await other.reload()
    await expect(rows(other).last.locator("img").last).to_have_attribute("alt", "A red sheet")
    await page.goto(f"/rooms/{slug}/1/edit")
    await has_no_fault(page)


@pytest.mark.parametrize("is_deleted", [True, False])
async def test_a_file_goes_with_its_message(visit: Visit, is_deleted: bool) -> None:
    page = await visit("ada")
    slug = await new_room(page)
    await chooses(page, NOTES)
    await expect(page.locator(".chosen .file-about")).to_have_text("TXT, 5 B")
    await page.press("#message", "Enter")
    written = await sent(page)
    url = await written.locator("a.file").get_attribute("href")
    own = {"Origin": page.url.partition("/rooms")[0]}
    if is_deleted:
        await page.context.request.delete(f"/api/v1/rooms/{slug}/messages/1", headers=own)
        await expect(written.locator("a.file")).to_have_count(0)
    assert (await page.context.request.get(str(url))).status == (404 if is_deleted else 200)


@WIDTHS
async def test_every_state_is_accessible(visit: Visit, viewport: dict[str, int]) -> None:
    page = await visit("ada", viewport=viewport)
    await new_room(page)
    await chooses(page, NOTES, image())
    await has_no_fault(page)
    await page.press("#message", "Enter")
    written = await sent(page)
    await has_no_fault(page)
    await written.locator("a.picture").click()
    await expect(page.locator("dialog[open] img")).to_be_visible()
    await has_no_fault(page)
