"""Messages, rooms, files, invitations, searches: who wants too many waits as long as is said; nobody else does."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest
from aiohttp.test_utils import TestClient

from chatapp.core.limits import ACTS
from chatapp.settings import Settings
from tests.support.cast import Actor, Given
from tests.support.time import SettableClock
from tests.web.browser import Browser, Page, browser
from tests.web.script import MESSAGES, Script
from tests.web.test_files import tries

Deed = Callable[[Browser, Script, str], Awaitable[Page]]


async def posts(_browser: Browser, script: Script, word: str) -> Page:
    return await script.calls("POST", MESSAGES, {"content": word})


async def makes_a_room(_browser: Browser, script: Script, word: str) -> Page:
    return await script.calls("POST", "/api/v1/rooms", {"name": word})


async def uploads(_browser: Browser, script: Script, word: str) -> Page:
    return await tries(script, word.encode())


async def invites(browser: Browser, _script: Script, _word: str) -> Page:
    return await browser.submits("/settings/invites")


async def searches(_browser: Browser, script: Script, word: str) -> Page:
    return await script.calls("GET", f"/api/v1/search?q={word}")


async def searches_slowly(_browser: Browser, script: Script, word: str) -> Page:
    return await script.calls("GET", f"/api/v1/search?q={word}&slow=true")


AT_ONCE: Final[dict[Deed, int]] = {
    posts: Settings().message_burst,
    makes_a_room: ACTS["room"][0],
    uploads: ACTS["upload"][0],
    invites: ACTS["invite"][0],
    searches: ACTS["search"][0],
    searches_slowly: ACTS["slow_search"][0],
}


@pytest.mark.parametrize("deed", AT_ONCE, ids=lambda deed: deed.__name__)
async def test_who_does_too_much_is_told_when_to_come_back_and_nobody_else_waits(
    client: TestClient[Any, Any], given: Given, ada: Actor, adas: Browser, clock: SettableClock, deed: Deed
) -> None:
    script, linus = Script(adas, ada), await given.person("linus", is_admin=True)
    answers = [await deed(adas, script, f"word{number}") for number in range(AT_ONCE[deed])]
    assert {answer.status for answer in answers} <= {200, 201, 303}
    refused = await deed(adas, script, "toomuch")
    assert refused.status == 429
    wait = int(refused.headers["Retry-After"])
    assert wait > 0
    async with browser(client) as opened:
        assert (await opened.signs_in("linus")).status == 303
        assert (await deed(opened, Script(opened, linus), "another")).status in {200, 201, 303}
    clock.passes(seconds=wait)
    assert [(await deed(adas, script, f"later{n}")).status < 400 for n in range(2)] == [True, False]
