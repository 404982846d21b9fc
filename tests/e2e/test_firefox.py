"""What two people cannot do without, in Firefox: all else is tried in Chromium."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import pytest
import pytest_asyncio

from tests.e2e.verbs import POST_MANY
from tests.support.firefox import Firefox, Window, firefox, running_firefox
from tests.support.needs import lacking
from tests.support.server import PASSWORD, Server

GENERAL: Final = "/rooms/general"
BOX: Final = "document.getElementById('message').value"
TO_END: Final = "(({ scrollHeight, scrollTop, clientHeight }) => scrollHeight - scrollTop - clientHeight)(timeline)"
OLDEST: Final = "Number(timeline.querySelector('.msg').dataset.index)"
# How far below the top of the window each message is, but the first, whose head goes when others come above it.
PLACES: Final = """Object.fromEntries([...timeline.querySelectorAll('.msg ~ .msg')].map(
  row => [row.dataset.index, row.getBoundingClientRect().top]))"""
AT_REST: Final = """(async () => {
  const { scrollTop } = timeline;
  await new Promise(go => setTimeout(go, 200));
  return timeline.scrollTop === scrollTop;
})()"""
# Pixels: where a message begins is no whole number of them.
A_BIT: Final = 2
DROP_A_FILE: Final = """(() => {
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File(["hello"], "notes.txt", { type: "text/plain" }));
  timeline.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
})()"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Firefox]:
    executable = firefox() or lacking("Firefox (firefox-esr, or CHATAPP_FIREFOX)")
    async with running_firefox(executable, tmp_path_factory.mktemp("firefox")) as found:
        yield found
    assert found.faults == []


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def people(browser: Firefox, server: Server) -> tuple[Window, Window]:
    """Grace, and before her Ada, whose window is in front: only what is looked at is read."""
    return await signs_in(browser, server, "grace"), await signs_in(browser, server, "ada")


async def signs_in(browser: Firefox, server: Server, username: str) -> Window:
    window = await browser.window()
    await window.goes_to(f"{server.url}/login?next={GENERAL}")
    await window.types(username)
    await window.clicks("#f-password")
    await window.types(PASSWORD, "Enter")
    await window.comes_true(f"location.pathname === '{GENERAL}'")
    await window.goes_to(server.url + GENERAL)
    return window


async def says(window: Window, text: str) -> None:
    """Over what another test may have left there."""
    await window.clicks("#message")
    await window.types("", "Control+a")
    await window.types(text, "Enter")


def shows(text: str) -> str:
    """A message that the server has."""
    return f"[...timeline.querySelectorAll('.msg[data-index] .bd')].some(body => body.innerText === '{text}')"


async def test_what_is_written_changed_and_answered_is_there_at_once(people: tuple[Window, Window]) -> None:
    grace, ada = people
    await says(ada, "one")
    await grace.comes_true(shows("one"))
    await says(grace, "two")
    await ada.comes_true(shows("two"))
    await ada.types("", "ArrowUp")
    await ada.comes_true("document.activeElement.matches('.editor textarea')")
    await ada.types(", changed", "Enter")
    await grace.comes_true(shows("one, changed"))
    await ada.comes_true("document.activeElement.id === 'message'")
    await ada.types(":tada")
    await ada.comes_true("document.querySelector('#completion [aria-selected=true]')?.textContent.includes('tada')")
    await ada.types("", "Enter", "Enter")
    await grace.comes_true(shows("🎉"))


async def test_what_is_read_stays_where_it_is_while_more_comes(people: tuple[Window, Window]) -> None:
    grace, ada = people
    await ada.evaluate(f"({POST_MANY})(130)")
    await ada.goes_to(await ada.evaluate("location.href"))
    assert await ada.evaluate(TO_END) == 0
    before = await ada.evaluate(PLACES)
    while await ada.evaluate(OLDEST) > 1:
        await ada.turns_wheel("#timeline", -400)
        await ada.comes_true(AT_REST)
        after = await ada.evaluate(PLACES)
        moved = [top - before[index] for index, top in after.items() if index in before]
        assert -A_BIT < min(moved) <= max(moved) < min(moved) + A_BIT < 400 + 2 * A_BIT
        before = after
    await says(grace, "far below")
    await ada.comes_true("!pill.hidden")
    after = await ada.evaluate(PLACES)
    assert {index: after[index] for index in before} == pytest.approx(before, abs=A_BIT)
    await ada.clicks("#pill")
    await ada.comes_true(f"{shows('far below')} && {TO_END} === 0")


async def test_who_goes_to_another_room_takes_what_they_type_on(
    browser: Firefox, people: tuple[Window, Window], server: Server
) -> None:
    ada = people[1]
    await ada.goes_to(f"{server.url}/rooms/new")
    await ada.clicks("[name=name]")
    await ada.types("elsewhere", "Enter")
    await ada.comes_true("location.pathname === '/rooms/elsewhere'")
    await ada.goes_to(server.url + GENERAL)
    await ada.types("half a thought")
    async with browser.holding("/rooms/elsewhere"):
        await ada.clicks('#sidebar [data-room="elsewhere"]')
        await ada.comes_true(f"{BOX} === ''")
        await ada.evaluate("stop()")
        await ada.types("", "Escape")
        await ada.comes_true(f"{BOX} === 'half a thought'")
    await ada.types("", "Control+k")
    await ada.types("elsewhere")
    await ada.comes_true("document.querySelector('#switcher [aria-selected=true]')?.textContent.includes('elsewhere')")
    async with browser.holding("/rooms/elsewhere"):
        await ada.types("", "Enter")
        await ada.comes_true(f"{BOX} === ''")
        await ada.types("typed on", "Enter")
    await ada.comes_true(f"location.pathname === '/rooms/elsewhere' && {BOX} === 'typed on'")
    await ada.types("", "Alt+ArrowUp")
    await ada.comes_true(f"location.pathname === '{GENERAL}' && {BOX} === 'half a thought'")
    await ada.evaluate("history.back()")
    await ada.comes_true(f"location.pathname === '/rooms/elsewhere' && {BOX} === 'typed on'")


async def test_who_is_asked_whether_to_leave_and_stays_has_left_nothing(
    people: tuple[Window, Window], server: Server
) -> None:
    ada = people[1]
    await ada.goes_to(server.url + GENERAL)
    await ada.clicks("#message")
    await ada.types(", and a file")
    await ada.evaluate(DROP_A_FILE)
    await ada.comes_true("document.querySelector('.tray .file-about')?.textContent === 'TXT, 5 B'")
    await ada.clicks('#sidebar [data-room="elsewhere"]')
    await ada.stays()
    await ada.comes_true(f"{BOX} === 'half a thought, and a file'")
    await ada.clicks("#message")
    await ada.types("", "Enter")
    await ada.comes_true(shows("half a thought, and a file"))


async def test_what_is_said_while_the_server_is_away_goes_out_when_it_is_back(
    people: tuple[Window, Window], server: Server
) -> None:
    grace, ada = people
    await ada.goes_to(server.url + GENERAL)
    await server.kill()
    await says(ada, "said to nobody")
    await ada.comes_true("!banner.hidden")
    await server.start()
    await ada.comes_true(shows("said to nobody"))
    await grace.comes_true(shows("said to nobody"))
    await ada.comes_true("banner.hidden")
