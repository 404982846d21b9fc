"""Sending: at once on the screen, kept when it fails, never twice."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest_asyncio
from playwright.async_api import Page, expect

from tests.e2e.verbs import Wire, new_room, row, rows, say, say_into_the_void, texts
from tests.support.server import Server

Visit = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session")
async def strict(tmp_path: Path) -> AsyncIterator[Server]:
    """A server that takes two messages at once, then one each second."""
    server = Server(tmp_path / "data", MESSAGE_BURST="2")
    await server.add_person("ada", is_admin=True)
    await server.start()
    yield server
    await server.kill()


async def test_what_was_too_much_at_once_goes_in_its_order_one_by_one(visit: Visit, strict: Server) -> None:
    ada = await visit("ada", to=strict)
    tries: list[str] = []

    def note(frame: str | bytes) -> None:
        if "sendMessage" in str(frame):
            tries.append(str(frame))

    ada.on("websocket", lambda socket: socket.on("framesent", note))
    await ada.goto("/rooms/general")
    written = [f"{n}, quickly" for n in range(8)]
    for words in written:
        await ada.fill("#message", words)
        await ada.press("#message", "Enter")
    await expect(ada.locator("#timeline .msg[data-index]:not(.pending)")).to_have_count(len(written))
    assert await texts(ada) == written
    # Each was refused once; all at once each second would be 29.
    assert len(tries) < 20


async def test_a_message_appears_at_once_though_the_server_is_silent(visit: Visit) -> None:
    ada = await visit("ada")
    wire = Wire()
    await wire.hold(ada)
    await new_room(ada)
    await say(ada, "first")
    wire.swallows = "sendMessage"
    await ada.fill("#message", "into the void")
    await ada.press("#message", "Enter")
    # Far sooner than it is given up.
    await expect(row(ada, "into the void")).to_have_class(re.compile("pending"), timeout=3_000)
    await expect(ada.locator("#message")).to_have_value("")
    await expect(row(ada, "into the void")).to_contain_text("Sending")


async def test_a_failed_message_is_kept_and_sent_again_only_once(visit: Visit) -> None:
    ada = await visit("ada")
    await ada.clock.install()
    wire = Wire()
    await wire.hold(ada)
    room = await new_room(ada)
    await say(ada, "first")
    wire.swallows = "sendMessage"
    failed = await say_into_the_void(ada, "try me")
    wire.swallows = None
    await failed.locator("[data-retry]").click()
    await expect(failed).to_have_attribute("data-index", "2")
    await ada.goto(f"/rooms/{room}")
    await expect(row(ada, "try me")).to_have_count(1)


async def test_a_failed_message_can_be_discarded(visit: Visit) -> None:
    ada = await visit("ada")
    await ada.clock.install()
    wire = Wire()
    await wire.hold(ada)
    await new_room(ada)
    await say(ada, "first")
    wire.swallows = "sendMessage"
    await (await say_into_the_void(ada, "never mind")).locator("[data-discard]").click()
    await expect(row(ada, "never mind")).to_have_count(0)


async def test_unsent_text_survives_a_reload_and_is_not_sent_by_itself(visit: Visit) -> None:
    ada = await visit("ada")
    wire = Wire()
    await wire.hold(ada)
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(ada, "first")
    wire.swallows = "sendMessage"
    await ada.fill("#message", "hold this")
    await ada.press("#message", "Enter")
    await expect(row(ada, "hold this")).to_have_count(1)
    wire.swallows = None
    await ada.reload()
    kept = row(ada, "hold this")
    await expect(kept).to_have_class(re.compile("failed"))
    await say(ada, "second")
    await expect(row(grace, "second")).to_have_count(1)
    await expect(row(grace, "hold this")).to_have_count(0)
    await kept.locator("[data-retry]").click()
    await expect(row(grace, "hold this")).to_have_count(1)


async def test_enter_sends_shift_enter_breaks_the_line_and_blank_is_not_sent(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await ada.click("#message")
    await ada.keyboard.type("one")
    await ada.keyboard.press("Shift+Enter")
    await ada.keyboard.type("two")
    await ada.keyboard.press("Enter")
    await expect(rows(ada)).to_have_count(1)
    assert await rows(ada).locator(".bd").inner_text() == "one\ntwo"
    await ada.keyboard.type("   ")
    await ada.keyboard.press("Enter")
    await expect(ada.locator("#message")).to_have_value("   ")
    await expect(rows(ada)).to_have_count(1)


async def test_enter_while_composing_does_not_send(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await ada.click("#message")
    cdp = await ada.context.new_cdp_session(ada)
    await cdp.send("Input.imeSetComposition", {"text": "zao", "selectionStart": 3, "selectionEnd": 3})
    await ada.keyboard.press("Enter")
    await expect(rows(ada)).to_have_count(0)
    await cdp.send("Input.insertText", {"text": "早上好"})
    await ada.keyboard.press("Enter")
    await expect(row(ada, "早上好")).to_have_count(1)


async def test_a_keydown_of_229_after_composition_does_not_send(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await ada.fill("#message", "早")
    await ada.eval_on_selector(
        "#message",
        "box => box.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, bubbles: true}))",
    )
    await expect(ada.locator("#message")).to_have_value("早")
    await expect(rows(ada)).to_have_count(0)


async def test_a_draft_is_kept_for_its_room_alone(visit: Visit) -> None:
    ada = await visit("ada")
    one = await new_room(ada)
    other = await new_room(ada)
    await ada.goto(f"/rooms/{one}")
    await ada.fill("#message", "half a thought")
    await ada.goto(f"/rooms/{other}")
    await expect(ada.locator("#message")).to_have_value("")
    await ada.goto(f"/rooms/{one}")
    await expect(ada.locator("#message")).to_have_value("half a thought")
    await ada.press("#message", "Enter")
    await expect(row(ada, "half a thought")).to_have_count(1)
    await ada.reload()
    await expect(ada.locator("#message")).to_have_value("")


async def test_too_long_is_said_before_it_is_sent(visit: Visit) -> None:
    ada = await visit("ada")
    await new_room(ada)
    await ada.fill("#message", "x" * 8001)
    await expect(ada.locator("#counter")).to_be_visible()
    await ada.press("#message", "Enter")
    await expect(rows(ada)).to_have_count(0)
    assert len(await ada.input_value("#message")) == 8001
