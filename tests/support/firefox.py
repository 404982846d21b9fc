"""A real Firefox, driven over its own socket (W3C WebDriver BiDi): as much of it as a journey of two people takes."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any, Final

from aiohttp import ClientSession, ClientWebSocketResponse

from tests.support.browser import PATIENCE_MS, STANDS, WIDE

PATIENCE: Final = PATIENCE_MS / 1000
NAMED: Final = ("firefox-esr", "firefox")
# A headless one has neither mouse nor keyboard; here it has both.
PREFERENCES: Final = {"ui.primaryPointerCapabilities": 6, "ui.allPointerCapabilities": 6}
# As WebDriver writes them (https://www.w3.org/TR/webdriver2/#keyboard-actions).
KEYS: Final = {
    "Shift": "\ue008",
    "Control": "\ue009",
    "Alt": "\ue00a",
    "Enter": "\ue007",
    "Escape": "\ue00c",
    "ArrowUp": "\ue013",
    "ArrowDown": "\ue015",
}
# Called in every page before its own scripts.
TELL_VIOLATIONS: Final = """tell => document.addEventListener('securitypolicyviolation',
  ({ violatedDirective, blockedURI }) => tell(`${violatedDirective} ${blockedURI}`))"""


class Refused(Exception):
    """Firefox did not do what it was asked."""


def firefox() -> str | None:
    """Where a Firefox is on this machine, or None."""
    named = os.environ.get("CHATAPP_FIREFOX")
    if named:
        return named if Path(named).exists() else None
    return next((found for name in NAMED if (found := shutil.which(name))), None)


class Firefox:
    """One browser; ``faults`` are what its pages broke: scripts, and the content policy."""

    def __init__(self, socket: ClientWebSocketResponse) -> None:
        self.faults: list[str] = []
        self._socket = socket
        self._numbers = count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._held: list[str] = []

    async def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command and its result; :class:`Refused` where there is none."""
        number = next(self._numbers)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters})
        return await asyncio.wait_for(answer, PATIENCE)

    async def window(self) -> Window:
        """A window of somebody who shares no cookies with anybody; in front, as the last one opened."""
        owner = (await self.do("browser.createUserContext"))["userContext"]
        opened = await self.do("browsingContext.create", type="window", userContext=owner)
        await self.do("browsingContext.setViewport", context=opened["context"], viewport=WIDE)
        return Window(self, opened["context"])

    @asynccontextmanager
    async def holding(self, path: str) -> AsyncIterator[None]:
        """What is asked for there waits for so long."""
        where = [{"type": "pattern", "pathname": path}]
        held = await self.do("network.addIntercept", phases=["beforeRequestSent"], urlPatterns=where)
        yield
        await self.do("network.removeIntercept", **held)
        while self._held:
            with suppress(Refused):  # it was given up
                await self.do("network.continueRequest", request=self._held.pop())

    async def listen(self) -> None:
        async for message in self._socket:
            frame = message.json()
            if frame["type"] == "event":
                self._note(frame["params"])
            elif not (answer := self._waiting.pop(frame["id"])).done():
                if frame["type"] == "success":
                    answer.set_result(frame["result"])
                else:
                    answer.set_exception(Refused(f"{frame['error']}: {frame['message']}"))

    def _note(self, event: dict[str, Any]) -> None:
        """A request, an entry of a page's log, or what :data:`TELL_VIOLATIONS` told."""
        if "request" in event:
            self._held += [event["request"]["request"]] if event["isBlocked"] else []
            return
        level, text = event.get("level", "error"), event.get("text") or event["data"]["value"]
        # That a socket is not there, or left with its page, is what tests are about.
        if level == "error" and " ws://" not in text:
            self.faults.append(text)


class Window:
    """What one person has before them, and does."""

    def __init__(self, browser: Firefox, context: str) -> None:
        self._browser = browser
        self._context = context

    async def goes_to(self, url: str) -> None:
        await self._do("browsingContext.navigate", url=url, wait="complete")
        await self.evaluate(f"({STANDS})()")

    async def comes_to_front(self) -> None:
        await self._do("browsingContext.activate")

    async def evaluate(self, expression: str) -> Any:
        """Its value, as JSON could say it."""
        whole = f"(async () => JSON.stringify(await ({expression})))()"
        where = {"target": {"context": self._context}, "awaitPromise": True}
        answer = await self._browser.do("script.evaluate", expression=whole, **where)
        if answer["type"] == "exception":
            raise Refused(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"].get("value", "null"))

    async def comes_true(self, expression: str) -> None:
        async with asyncio.timeout(PATIENCE):
            while not await self._is_true(expression):  # noqa: ASYNC110 - what is waited for sets no event
                await asyncio.sleep(0.02)

    async def types(self, text: str, *keys: str) -> None:
        """Letters, then keys such as "Enter" or "Control+k"."""
        presses = [[letter] for letter in text] + [[KEYS.get(name, name) for name in key.split("+")] for key in keys]
        actions: list[dict[str, Any]] = []
        for held in presses:
            actions += [{"type": "keyDown", "value": value} for value in held]
            actions += [{"type": "keyUp", "value": value} for value in reversed(held)]
        await self._acts("key", actions)

    async def clicks(self, selector: str) -> None:
        moved = {"type": "pointerMove", **await self._middle(selector)}
        await self._acts("pointer", [moved, *({"type": kind, "button": 0} for kind in ("pointerDown", "pointerUp"))])

    async def turns_wheel(self, selector: str, pixels: int) -> None:
        await self._acts("wheel", [{"type": "scroll", "deltaX": 0, "deltaY": pixels, **await self._middle(selector)}])

    async def stays(self) -> None:
        """The answer to whether they want to leave the page, once they are asked."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(Refused):
                    await self._do("browsingContext.handleUserPrompt", accept=False)
                    return
                await asyncio.sleep(0.02)

    async def _middle(self, selector: str) -> dict[str, int]:
        place = f"document.querySelector({json.dumps(selector)}).getBoundingClientRect()"
        x, y = await self.evaluate(f"(({{ x, y, width, height }}) => [x + width / 2, y + height / 2])({place})")
        return {"x": int(x), "y": int(y)}

    async def _acts(self, kind: str, actions: list[dict[str, Any]]) -> None:
        await self._do("input.performActions", actions=[{"type": kind, "id": kind, "actions": actions}])

    async def _is_true(self, expression: str) -> bool:
        # While it goes from one page to the next there is none.
        with suppress(Refused):
            return bool(await self.evaluate(expression))
        return False

    async def _do(self, method: str, **parameters: Any) -> dict[str, Any]:
        return await self._browser.do(method, context=self._context, **parameters)


@asynccontextmanager
async def running_firefox(executable: str, profile: Path) -> AsyncIterator[Firefox]:
    """One without windows that anybody sees; killed at the end whatever happened. ``profile`` is an empty folder."""
    lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in PREFERENCES.items()]
    (profile / "user.js").write_text("".join(lines))
    process = await asyncio.create_subprocess_exec(
        *(executable, "--headless", "--no-remote", "--remote-debugging-port=0", "--profile", f"{profile}"),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr
    tasks = []
    try:
        address = await asyncio.wait_for(_address(process.stderr), PATIENCE)
        tasks.append(asyncio.create_task(_pour_away(process.stderr)))
        async with ClientSession() as session, session.ws_connect(f"{address}/session", max_msg_size=0) as socket:
            browser = Firefox(socket)
            tasks.append(asyncio.create_task(browser.listen()))
            await _begin(browser)
            yield browser
    finally:
        process.kill()
        await process.wait()
        await asyncio.gather(*tasks)


async def _address(output: asyncio.StreamReader) -> str:
    seen = []
    while line := (await output.readline()).decode():
        seen.append(line)
        if "WebDriver BiDi listening on" in line:
            return line.split()[-1]
    raise AssertionError("".join(seen))


async def _pour_away(output: asyncio.StreamReader) -> None:
    """Or it would wait until somebody reads."""
    while await output.readline():
        pass


async def _begin(browser: Firefox) -> None:
    await browser.do("session.new", capabilities={"alwaysMatch": {"unhandledPromptBehavior": {"default": "ignore"}}})
    await browser.do("session.subscribe", events=["log.entryAdded", "script.message", "network.beforeRequestSent"])
    channel = {"type": "channel", "value": {"channel": "violations"}}
    await browser.do("script.addPreloadScript", functionDeclaration=TELL_VIOLATIONS, arguments=[channel])
