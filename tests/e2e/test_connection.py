"""A connection that comes and goes, and what others do meanwhile."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable

from playwright.async_api import Page, expect

from tests.e2e.verbs import Wire, new_room, row, say

Visit = Callable[..., Awaitable[Page]]


async def test_the_banner_counts_down_and_try_now_comes_back(visit: Visit) -> None:
    ada = await visit("ada")
    wire = Wire()
    await wire.hold(ada)
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(ada, "first")
    await wire.cut()
    await expect(ada.locator("#banner")).to_be_visible()
    await expect(ada.locator("#banner-text")).to_contain_text("Connection lost")
    await expect(ada.locator("#banner-text")).to_contain_text(re.compile(r"in \d+ s"), timeout=20_000)
    await say(grace, "missed")
    wire.is_cut = False
    await ada.click("#banner-try")
    await expect(ada.locator("#banner")).to_be_hidden()
    await expect(row(ada, "missed")).to_have_count(1)


async def test_going_back_brings_a_live_page_with_what_was_said_meanwhile(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(grace, "before leaving")
    await grace.goto("/settings/profile")
    await say(ada, "while away")
    await grace.evaluate("history.back()")
    await expect(row(grace, "while away")).to_have_count(1)
    await say(ada, "and on")
    await expect(row(grace, "and on")).to_have_count(1)


async def test_a_page_signed_out_elsewhere_says_so_and_stops(visit: Visit) -> None:
    one = await visit("lin", at="/rooms/general")
    other = await one.context.new_page()
    await other.goto("/settings/profile")
    await other.click("main form[action='/logout'] button")
    await expect(one.locator("#banner")).to_be_visible()
    await expect(one.locator("#banner")).to_contain_text("signed out")
    await expect(one.locator("#banner a")).to_have_attribute("href", re.compile("/login"))


async def test_typing_is_shown_to_others_only(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    grace = await visit("grace", at=f"/rooms/{room}")
    await say(grace, "here")
    await ada.click("#message")
    await ada.keyboard.type("thinking")
    await expect(grace.locator("#typing")).to_contain_text("Ada Okafor")
    await expect(ada.locator("#typing")).to_be_empty()
    await expect(grace.locator("#typing")).to_be_empty(timeout=10_000)


async def test_news_is_announced_once_and_history_is_not(visit: Visit) -> None:
    ada = await visit("ada")
    room = await new_room(ada, "grace")
    await say(ada, "old")
    grace = await visit("grace", at=f"/rooms/{room}")
    announcer = grace.locator("#announcer")
    await expect(announcer).to_be_empty()
    await say(ada, "new words")
    await expect(announcer).to_have_text("Ada Okafor: new words")
